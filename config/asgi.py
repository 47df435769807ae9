"""The ASGI application that `manage.py web` serves."""

import os

from django.core.asgi import get_asgi_application

from config.limits import BodyLimit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = BodyLimit(get_asgi_application())
