"""`worker`: advance runs when the broker rings."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agents.runtime.leaving import leaving
from agents.runtime.places import PLACES
from config.celery import app


class Command(BaseCommand):
    """One worker process with a pool of threads; start as many as there are cores, on any hosts."""

    requires_system_checks = ()  # they load every address, which only `web` serves; it and `migrate` make them
    help = "Advance runs when the broker rings."

    def add_arguments(self, parser: CommandParser) -> None:
        said = "runs at a time (%(default)s), of which one workspace holds four fifths at most"
        parser.add_argument("--concurrency", type=int, default=PLACES, help=said)

    def handle(self, *args: Any, concurrency: int, **options: Any) -> None:
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]  # workers need not know of each other
        app.worker_main(["--quiet", "worker", "-P", "threads", "-c", str(concurrency), "-l", "INFO", *quiet])
        if not leaving.is_asked:
            raise CommandError("The worker ended, and nobody had asked it to.")  # a supervisor starts another
