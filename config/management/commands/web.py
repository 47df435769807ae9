"""`web`: serve the pages and the API."""

import socket
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from agents.models import Presence
from agents.runtime.presence import Beating
from workspaces import hints, standstill

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Command(BaseCommand):
    """One web process; start several behind a proxy that ends TLS."""

    help = "Serve the pages and the API."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--fd", type=int, help="an open listening socket to serve instead")

    def handle(self, *args: Any, host: str, port: int, fd: int | None, **options: Any) -> None:
        refuse_unsafe_settings()
        config = uvicorn.Config(
            "config.asgi:application",
            host=host,
            port=port,
            lifespan="off",
            access_log=False,
            log_config=None,  # Django's LOGGING holds for uvicorn, too
            server_header=False,
            proxy_headers=settings.IS_HTTPS,  # believed only behind the proxy that ends TLS
            ws_max_size=65_536,
            timeout_graceful_shutdown=3,
        )
        hints.get_ready()
        Beating(Presence.Program.WEB).start()
        standstill.watch()
        uvicorn.Server(config).run(sockets=None if fd is None else [socket.socket(fileno=fd)])


def refuse_unsafe_settings() -> None:
    """A web process signs sessions, and carries them only over TLS or loopback."""
    if settings.SECRET_KEY == settings.INSECURE_KEY:
        raise CommandError("Set SECRET_KEY, or name the home of an installation with --home.")
    if not settings.IS_HTTPS and settings.PUBLIC_HOST not in LOOPBACK:
        raise CommandError("PUBLIC_URL must begin with https:// unless it is on this machine (127.0.0.1).")
