"""`sweep`: find what no doorbell rang for."""

from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Due runs, timers, lapsed leases, expiries: every second; two or more of these may run."""

    requires_system_checks = ()  # `migrate` and `web` make them; half of the time of a start would go into addresses
    help = "Find due runs, timers and lapsed leases, and advance what nobody took."

    def handle(self, *args: Any, **options: Any) -> None:
        from agents.runtime import sweep

        sweep.main()
