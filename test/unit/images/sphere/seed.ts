/** Lines of the vendor's installation instructions that must stand in the files as they are. */
export const UWSGI = [
  '[uwsgi]',
  'plugins = python3',
  'chdir = /home/www/my_project',
  'virtualenv = /home/www/.virtualenv/sphere',
  'module = wsgi:application',
  'processes = 3',
  'master = True',
  'vacuum = True',
  'max-requests = 5000',
  'uid = www',
  'gid = www',
  'touch-reload = /home/www/my_project/touch_reload',
  'buffer-size = 32768',
] as const;

export const SUPERVISOR = [
  '[program:my_project]',
  'command=/home/www/.virtualenv/sphere/bin/celery -A sphere worker --beat -E --loglevel=warning -n celery_my_project',
  'user=www',
  'numprocs=1',
  'autostart=true',
  'autorestart=true',
  'startsecs=10',
  'stopwaitsecs=600',
  'killasgroup=true',
] as const;

export const NGINX = [
  'root /home/www/my_project/;',
  'access_log off;',
  'client_max_body_size 50m;',
  'location /lib/media/ {',
  'alias /home/www/my_project/media/;',
  'location /lib/static/ {',
  'alias /home/www/my_project/sphere/lib/static/;',
  'location / {',
  'include uwsgi_params;',
  'uwsgi_buffering off;',
  'uwsgi_pass unix:///run/uwsgi/app/my_project/socket;',
  'uwsgi_read_timeout 300;',
  'uwsgi_connect_timeout 300;',
] as const;

/** What the instructions install, under the names of Debian 13; python-dev alone has no successor. */
export const PACKAGES =
  `gcc make build-essential git supervisor tmux postgresql libpq-dev libaio-dev libssl-dev libffi-dev libxml2-dev libxslt1-dev
cython3 python3-dev python3-pip virtualenv python3-pycurl libgnutls28-dev curl libcurl4-gnutls-dev libjpeg-dev libfreetype6
libfreetype-dev zlib1g-dev libsasl2-dev uwsgi uwsgi-plugin-python3 memcached libmemcached-dev nginx rabbitmq-server imagemagick
libmagickwand-dev libmagickcore-dev`.split(/\s+/);
