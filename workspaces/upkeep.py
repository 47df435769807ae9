"""What the sweep does once an hour for the tables of this app: days to come, days that are over, what is forgotten."""

import time
from collections.abc import Callable

from django.contrib.sessions.backends.db import SessionStore

from workspaces import events
from workspaces.idempotency import purge_idempotent_requests

EVERY_SECONDS = 3600
AGAIN_SECONDS = 60  # after a failure: dropping a day asks for a lock for which the writers of events queue up behind it


class Upkeep:
    """A duty of the sweep, which asks every second; several sweeps may do it side by side."""

    def __init__(self, *chores: Callable[[], object]) -> None:
        self.chores = chores
        self._due_at = 0.0

    def __call__(self) -> None:
        if time.monotonic() < self._due_at:
            return
        self._due_at = time.monotonic() + AGAIN_SECONDS
        for chore in self.chores:
            chore()
        self._due_at = time.monotonic() + EVERY_SECONDS


CHORES = (
    events.ensure_event_partitions,
    purge_idempotent_requests,
    SessionStore.clear_expired,
    events.drop_old_event_partitions,  # last: a dump that runs for an hour may keep it from its lock
)
upkeep = Upkeep(*CHORES)
