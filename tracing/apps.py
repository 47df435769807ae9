from django.apps import AppConfig


class TracingConfig(AppConfig):
    """What happened: spans, ours and those of others."""

    name = "tracing"
