"""The sweep: once a second it finds what nobody has heard of, rings for it, and advances itself what nobody took."""

import logging
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from agents.models import Presence
from agents.runtime import database, statements
from agents.runtime.advance import advance
from agents.runtime.claim import MAX_LAPSES
from agents.runtime.crash import crashpoint
from agents.runtime.flow import served
from agents.runtime.leaving import leaving
from agents.runtime.presence import Beating, Tending
from workspaces import hints, standstill

EVERY_SECONDS = 1.0
AT_ONCE = 200
THREADS = 8
SPARE_THREADS = 2  # for runs of workspaces of which no other run has a thread, when all others are taken
log = logging.getLogger(__name__)


class Sweep:
    """One sweeping process; any number may run side by side."""

    def __init__(self, *, threads: int = THREADS):
        self.stopping = threading.Event()
        self.seen: set[UUID] = set()
        self.threads = threads
        self.advancing: dict[UUID, int] = {}  # of which workspace
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="sweep-advance")
        self.spare = ThreadPoolExecutor(SPARE_THREADS, thread_name_prefix="sweep-spare")
        self.beating = Beating(Presence.Program.SWEEP)
        self.duties: list[Callable[[], Any]] = [self.beating.beat, self._move_runs, Tending()]
        self.duties += [import_string(path) for path in settings.SWEEP_DUTIES]

    def run(self) -> None:
        """Sweep until told to stop; runs under way are finished or handed back by their leases."""
        while not self.stopping.wait(self._seconds_left_after(self.once)):
            continue
        leaving.ask()
        for pool in (self.pool, self.spare):
            pool.shutdown(wait=True, cancel_futures=True)
        self.beating.stop()

    def _seconds_left_after(self, work: Any) -> float:
        began = time.monotonic()
        work()
        return max(0.05, EVERY_SECONDS - (time.monotonic() - began))

    def once(self) -> None:
        """One round: timers, poisoned and unserved runs, due runs, and the duties of the other apps."""
        for duty in self.duties:
            try:
                with database.released_after():
                    duty()
            except Exception:  # the outermost loop: one duty that fails must not end the others
                log.warning("A round of %s failed; the next one tries again.", duty, exc_info=True)

    def _move_runs(self) -> None:
        database.rows(statements.RIPEN)
        for poisoned in database.rows(statements.POISON, max_lapses=MAX_LAPSES):
            log.error("Run %s is set aside: three workers in a row stopped while they held it.", poisoned["object"])
        due = database.rows(statements.DUE, limit=AT_ONCE, served=served())
        crashpoint("before_doorbell")
        for run in due:
            if run["id"] in self.seen or not hints.ring_now("agents.advance_run", str(run["id"])):
                self._advance(run["id"], run["workspace_id"])
        self.seen = {run["id"] for run in due}

    def _advance(self, run_id: UUID, workspace_id: int) -> None:
        """Nobody took it within a second, or nobody can be rung: do it here."""
        if run_id not in self.advancing and (pool := self._pool_for(workspace_id)):
            self.advancing[run_id] = workspace_id
            pool.submit(advance, run_id).add_done_callback(lambda done: self._advanced(run_id, done))

    def _pool_for(self, workspace_id: int) -> ThreadPoolExecutor | None:
        """One workspace with much to do does not keep all others waiting."""
        count = len(self.advancing)
        if count >= self.threads and workspace_id not in list(self.advancing.values()):
            return self.spare
        return self.pool if count < 4 * self.threads else None

    def _advanced(self, run_id: UUID, done: Any) -> None:
        self.advancing.pop(run_id, None)
        if not done.cancelled() and (error := done.exception()) is not None:
            log.error("Run %s could not be advanced.", run_id, exc_info=error)


def main() -> None:
    """Sweep until SIGTERM or SIGINT."""
    hints.get_ready()
    sweep = Sweep()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sweep.stopping.set())
    standstill.watch()
    log.info("Sweeping every second.")
    sweep.run()
