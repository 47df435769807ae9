"""Migrations and static files, skipped when nothing about them changed since the last time."""

import hashlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from config.home import ROOT

OF_AN_APP = ("migrations/**/*", "static/**/*")
OF_THE_PROJECT = ("static/**/*", "requirements.lock")


class Preparation:
    """What an installation needs before its programs start."""

    def __init__(self, home: Path, *, with_demo: bool) -> None:
        self.record = home / "prepared"
        self.static = home / "static"
        self.digest = digest_of_sources(f"{home} {with_demo}")  # the demo has tables of its own

    def commands(self, *, new_database: bool) -> Iterator[tuple[tuple[str, ...], str]]:
        """The commands to run, and what to say after each."""
        changed = not self.record.exists() or self.record.read_text() != self.digest
        if changed or new_database:
            yield ("migrate", "--no-input"), "The database has its tables"
        if changed or not self.static.exists():
            yield ("collectstatic", "--no-input", "--clear"), "Static files are in place"

    def finished(self) -> None:
        """Remember that all went well."""
        self.record.write_text(self.digest)


def digest_of_sources(salt: str) -> str:
    """A digest over everything that migrations and static files are made of."""
    digest = hashlib.sha256(salt.encode())
    apps = [config.parent for config in ROOT.glob("*/apps.py")]
    of_apps = [app.glob(pattern) for app in apps for pattern in OF_AN_APP]
    of_project = [ROOT.glob(pattern) for pattern in OF_THE_PROJECT]
    for path in sorted(chain.from_iterable([*of_apps, *of_project])):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
