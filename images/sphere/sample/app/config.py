"""Settings of the project. Passwords and what differs from machine to machine are in conf/_local.py, which is outside
the repository."""
import os

PROJECT = os.path.dirname(os.path.abspath(__file__))
MEDIA_FOLDER = os.path.join(PROJECT, "media")
MEDIA_URL = "/lib/media/"

SQLALCHEMY_DATABASE_URI = "postgresql://localhost/sphere"
SQLALCHEMY_ENGINE_OPTIONS = {"pool_pre_ping": True}
CELERY_BROKER_URL = "amqp://localhost//"
MEMCACHED_SERVER = "127.0.0.1:11211"
SITE_NAME = "Sphere BPMS"
SITE_DOMAIN = None
TIME_ZONE = "Etc/UTC"
UPLOAD_LIMIT = 50
BACKGROUND_WORKERS = 2
OVERDUE_INTERVAL = 20.0
MAIL_MODE = "none"

SESSION_COOKIE_SECURE = True
SESSION_COOKIE_SAMESITE = "Lax"
PERMANENT_SESSION_LIFETIME = 12 * 3600

from conf._local import *  # noqa: E402, F403

MAX_CONTENT_LENGTH = UPLOAD_LIMIT * 1024 * 1024
