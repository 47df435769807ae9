"""The ASGI application that `manage.py web` serves: pages and API over HTTP, hints over one WebSocket."""

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

from config.limits import BodyLimit
from config.origins import SameOrigin
from config.request_ids import RequestIds

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
http = get_asgi_application()  # sets Django up; what reads models is imported after it

from console.live import Live  # noqa: E402

sockets = URLRouter([path("live", Live.as_asgi())])

application = RequestIds(
    BodyLimit(ProtocolTypeRouter({"http": http, "websocket": SameOrigin(AuthMiddlewareStack(sockets))}))
)
