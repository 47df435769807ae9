"""`sweep`: find what no doorbell rang for."""

from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Due runs, timers, lapsed leases, expiries: every second; two or more of these may run."""

    requires_system_checks = ()  # they load every address, which only `web` serves; it and `migrate` make them
    help = "Find due runs, timers and lapsed leases, and advance what nobody took."

    def handle(self, *args: Any, **options: Any) -> None:
        from agents.runtime import sweep

        sweep.main()
