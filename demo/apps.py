from django.apps import AppConfig


class DemoConfig(AppConfig):
    """A shop to try the product with: tables, tools, an agent, people, rules."""

    name = "demo"

    def ready(self) -> None:
        """Every process that advances runs must know the scripted model."""
        import demo.script  # noqa: F401
