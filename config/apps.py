import atexit

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.db import connections


class WiringConfig(AppConfig):
    """Settings, commands and the Celery app, which has to exist before anybody rings a task."""

    name = "config"
    verbose_name = "Countersign"

    def ready(self) -> None:
        from config import celery  # noqa: F401

        atexit.register(close_pools)


def close_pools() -> None:
    """Left to the interpreter's own end, each thread of a pool is waited for in vain for five seconds."""
    for connection in connections.all():
        connection.close_pool()  # type: ignore[attr-defined]


class AdminConfig(DjangoAdminConfig):
    """The admin with our own site in place of Django's."""

    default_site = "config.admin.Site"
