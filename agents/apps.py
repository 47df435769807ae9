from django.apps import AppConfig
from django.conf import settings
from django.utils.module_loading import autodiscover_modules, import_string


class AgentsConfig(AppConfig):
    name = "agents"

    def ready(self) -> None:
        """Know every tool and flow of the installed apps."""
        autodiscover_modules("tools", "flows")
        for module in getattr(settings, "TOOL_MODULES", []):
            import_string(f"{module}.__name__")
