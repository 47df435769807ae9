from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class WiringConfig(AppConfig):
    """Settings, commands and the Celery app, which has to exist before anybody rings a task."""

    name = "config"
    verbose_name = "Countersign"

    def ready(self) -> None:
        from config import celery  # noqa: F401


class AdminConfig(DjangoAdminConfig):
    """The admin with our own site in place of Django's."""

    default_site = "config.admin.Site"
