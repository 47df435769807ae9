"""manage.py import_runs FILE --tools FILE --as PERSON [--play]: recorded conversations as runs."""

import argparse
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from agents.exceptions import TranscriptRefused
from agents.importing.runs import Importer
from agents.importing.tools import declare
from agents.importing.transcript import read
from workspaces.models import Membership
from workspaces.principal import Principal

SHOW_EVERY = 25


class Command(BaseCommand):
    """Import recorded chats with tool calls; the same record is never imported twice."""

    help = "Import recorded chats (OpenAI messages, JSON lines, may be gzipped) as finished runs, or play them back."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--tools", type=Path, help='JSON: {"tools": [{"name", "effect", "reaches", "schema"?}]}')
        parser.add_argument("--as", dest="person", required=True, help="login name of whoever the runs belong to")
        parser.add_argument("--workspace", help="slug; needed where the person has several")
        parser.add_argument("--play", action="store_true", help="play them through the runtime and its gate")

    def handle(self, *, file: Path, tools: Path | None, person: str, workspace: str | None, **options: Any) -> None:
        principal = member(person, workspace)
        try:
            declared = declare(principal, tools) if tools else 0
            importer = Importer.into(principal, f"imported/{stem(file)}")
            brought, there, refused = self._bring(importer, file, play=options["play"])
        except (TranscriptRefused, OSError) as error:
            raise CommandError(str(error)) from error
        verb = "started to play" if options["play"] else "imported"
        self.stdout.write(f"{verb} {brought}, {there} there already, {refused} refused, {declared} tools declared")
        if refused:
            sys.exit(1)

    def _bring(self, importer: Importer, file: Path, *, play: bool) -> tuple[int, int, int]:
        brought = there = refused = 0
        for number, transcript in read(file):
            if isinstance(transcript, TranscriptRefused):
                refused += 1
                self.stderr.write(f"line {number}: {transcript}")
            elif importer.bring(transcript, play=play):
                brought += 1
            else:
                there += 1
            if (brought + there) % SHOW_EVERY == 0 and sys.stderr.isatty():
                self.stderr.write(f"\r{brought + there} read", ending="")
        return brought, there, refused


def member(username: str, slug: str | None) -> Principal:
    """The person in the workspace, as in a browser; raises CommandError with what to do."""
    memberships = Membership.objects.filter(person__username=username).select_related("workspace", "person")
    found = [each for each in memberships if slug in (None, each.workspace.slug)]
    if len(found) != 1:
        slugs = ", ".join(sorted(each.workspace.slug for each in memberships)) or "none"
        raise CommandError(f"Name one workspace of {username!r} with --workspace; theirs: {slugs}.")
    return Principal.of_session(found[0].person, found[0].workspace)


def stem(file: Path) -> str:
    """The file's name without its endings."""
    return file.name.removesuffix(".gz").removesuffix(".jsonl").removesuffix(".json")
