"""`after_restore`: what has to be said to a database that came out of a backup."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from agents.exceptions import StillAlive
from agents.restoring import Restored, after_restore


class Command(BaseCommand):
    """To be run once after a restore, before any other process starts; again does no harm."""

    help = "Put a restored database in order: calls that may have happened are asked, old workers are shut out."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = after_restore()
        except StillAlive as error:
            raise CommandError(str(error)) from error
        self.stdout.write("\n".join(sentences(done)))


def sentences(done: Restored) -> list[str]:
    """What was done, for whoever restored."""
    return [
        f"{done.runs} unfinished runs: workers from before the restore can write nothing; {done.taken_back} that were "
        "being advanced are queued again.",
        f"{done.in_doubt} unsafe calls had started or were about to: they are in doubt, and in somebody's queue.",
        f"{done.will_repeat} keyed calls had started: they are repeated under their keys.",
        f"{done.schedules} schedules were due since the backup: they are paused, for they may have started then.",
        f"{done.workspaces} workspaces: every verdict is judged again before its call starts.",
        f"{done.events} events were renumbered; cursors from before the restore may be refused.",
        f"{done.audits_cut} audits are shorter than this home remembers; each says so in its next entry.",
        f"{done.sessions} sessions and {done.links} unused links were ended: everybody signs in again.",
        "Not known here: keys revoked, decisions made, webhooks sent and calls approved since the backup.",
    ]
