from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Every HTML page, and the one WebSocket."""

    name = "console"
