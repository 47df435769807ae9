from django.apps import AppConfig


class WorkspacesConfig(AppConfig):
    """Whose everything is: people, keys, audit, events."""

    name = "workspaces"
