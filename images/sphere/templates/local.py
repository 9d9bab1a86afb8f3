# Written by unitctl: passwords and what differs from unit to unit. It is outside the repository, and stays so. A change here
# would be lost: options of the owner's own are in _owner.py beside it.
SQLALCHEMY_DATABASE_URI = {{concat "postgresql://sphere_user:" secrets.database "@localhost/sphere"}}
CELERY_BROKER_URL = {{concat "amqp://sphere:" secrets.broker "@127.0.0.1//"}}
MEMCACHED_SERVER = '127.0.0.1:11211'
SECRET_KEY = {{secrets.session}}

SITE_NAME = {{settings.product.siteName}}
SITE_DOMAIN = {{default settings.domain.name null}}
TIME_ZONE = {{settings.time.zone}}
UPLOAD_LIMIT = {{settings.product.uploadLimit}}  # MiB
BACKGROUND_WORKERS = {{settings.product.backgroundWorkers}}

# none: nothing is sent; direct: by this machine's own mail server; relay: by the server named here.
MAIL_MODE = {{settings.mail.mode}}
MAIL_HOST = {{default settings.mail.host null}}
MAIL_PORT = {{settings.mail.port}}
MAIL_SECURITY = {{settings.mail.security}}
MAIL_USER = {{default settings.mail.user null}}
MAIL_PASSWORD = {{default settings.mail.password null}}
MAIL_SENDER_NAME = {{default settings.mail.senderName settings.product.siteName}}
MAIL_SENDER = {{default settings.mail.senderAddress null}}

try:
    from conf._owner import *
except ModuleNotFoundError:
    pass
