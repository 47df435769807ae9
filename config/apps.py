import atexit

from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig
from django.db import connections


class WiringConfig(AppConfig):
    """Settings and commands."""

    name = "config"
    verbose_name = "Countersign"

    def ready(self) -> None:
        atexit.register(close_pools)


def close_pools() -> None:
    """Left to the interpreter's own end, each thread of a pool is waited for in vain for five seconds."""
    for connection in connections.all():
        connection.close_pool()  # type: ignore[attr-defined]


class AdminConfig(SimpleAdminConfig):
    """The admin with our own site in place of Django's; config/urls.py fills it, which only web processes read."""

    default_site = "config.admin.Site"
