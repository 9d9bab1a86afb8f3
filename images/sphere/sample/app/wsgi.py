"""What uWSGI loads: `module = wsgi:application`."""
from sphere.application import create_application

application = create_application()
