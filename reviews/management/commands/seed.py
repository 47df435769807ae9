"""manage.py seed [--open N --decided N --runs N] [--workspace SLUG]: a workspace of invented work, in large numbers."""

import argparse
import sys
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from agents.models import Run
from reviews.seeding.scenery import Scenery, build
from reviews.seeding.sow import Numbers, sow
from workspaces.models import SignInLink, Workspace

SLUG = "seeded"


class Command(BaseCommand):
    """Nothing of it can act: its tools have no code behind them and its agents no model."""

    help = "Found a workspace and fill it with invented runs and approvals, to see and measure pages at size."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--open", type=_count, default=10_000, help="requests that wait for people (10,000)")
        parser.add_argument("--decided", type=_count, default=1_000_000, help="requests that are decided (1,000,000)")
        parser.add_argument("--runs", type=_count, default=100_000, help="runs in all (100,000)")
        parser.add_argument("--days", type=_count, default=180, help="how far back the work goes (180)")
        parser.add_argument("--workspace", help="slug of a new workspace; needed where there are runs already")

    def handle(self, *, workspace: str | None, **options: Any) -> None:
        numbers = Numbers(**{name: options[name] for name in ("open", "decided", "runs", "days")})
        if numbers.finished < (1 if numbers.decided else 0):
            raise CommandError(f"{numbers.open} open requests take {numbers.waiting} runs, and decided ones take more.")
        scenery = self._scenery(workspace)
        sow(scenery, numbers, self._say)
        self._say("")
        for name in ("ana", "eve", "root", "olga"):
            person = scenery.people[name]
            self.stdout.write(f"{person} ({person.username}): {SignInLink.objects.issue(person)}")

    def _scenery(self, slug: str | None) -> Scenery:
        """A new workspace; beside real work only where its name was said."""
        if slug is None and Run.objects.exists():
            raise CommandError("This database is in use. To put invented work beside the real, name a new --workspace.")
        if Workspace.objects.filter(slug=slug or SLUG).exists():
            raise CommandError(f"There is a workspace {slug or SLUG!r} already; seed fills a new one only.")
        try:
            return build(slug or SLUG)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error

    def _say(self, words: str) -> None:
        """Progress, on one line of a terminal."""
        if sys.stderr.isatty():
            self.stderr.write(f"\r\x1b[K{words}", ending="\n" if not words else "")
        elif words:
            self.stderr.write(words)


def _count(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number.")
    return int(text)
