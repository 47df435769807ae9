from django.apps import AppConfig
from django.conf import settings
from django.utils.module_loading import autodiscover_modules

from agents.tools import registry


class AgentsConfig(AppConfig):
    """The runtime, and what it runs."""

    name = "agents"

    def ready(self) -> None:
        """Know every tool and flow of the installed apps, and of the modules that settings name besides."""
        autodiscover_modules("flows")
        registry.discover(settings.TOOL_MODULES)
