"""What a claim has under way: model calls and reads in threads, keyed and unsafe tools in child processes."""

import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from agents import gateway
from agents.exceptions import LostClaim
from agents.runtime import database, statements
from agents.runtime.claim import Call, Claim
from agents.runtime.clock import boot
from agents.runtime.copies import contained
from agents.runtime.crash import crashpoint
from agents.runtime.fairness import computing
from agents.runtime.text import dumps
from agents.runtime.threads import Threads
from agents.tools import children

CHILDREN = int(os.environ.get("TOOL_CHILDREN", "4"))
IDLE_SECONDS = 60.0  # so long a claim is renewed while its thread neither waits nor commits
QUICK_SECONDS = 0.005
GRACE_SECONDS = 10.0  # after its deadline a call that did not end itself is given up


threads = Threads("effect")


def warm_up() -> None:
    """Start the children and import the model's SDK before the first run needs them."""
    children.start(CHILDREN)
    gateway.warm_up()


child_slots = threading.BoundedSemaphore(CHILDREN)


@dataclass(slots=True)
class Underway:
    """One effect that is being performed."""

    position: str
    call: Call | None
    attempt: int
    ends: float
    started_at: datetime


@dataclass(slots=True)
class Done:
    """An effect that has ended: its future holds what came of it; `timed_out` means that nobody waits any longer."""

    underway: Underway
    future: Future[Any] | None

    @property
    def timed_out(self) -> bool:
        return self.future is None


class Work:
    """The effects of one claim that are under way, and the queue on which their ends arrive."""

    def __init__(self, claim: Claim):
        self.claim = claim
        self.busy: dict[str, Underway] = {}
        self._ends: queue.SimpleQueue[tuple[Underway, Future[Any]] | None] = queue.SimpleQueue()
        self._unsettled: list[tuple[Underway, Future[Any]]] = []
        self._lost = self._news = False
        self.touched = boot()
        self._lock = threading.Lock()

    @property
    def lease_end(self) -> float:
        """Until when the heartbeat may renew the lease (boot clock)."""
        busy = list(self.busy.values())
        return max((underway.ends for underway in busy), default=self.touched + IDLE_SECONDS)

    # --- beginning ---

    def in_thread(
        self, position: str, perform: Callable[[], Any], seconds: float, call: Call | None = None, attempt: int = 0
    ) -> None:
        """Perform in a thread of this process; given up after `seconds` and a grace."""
        perform_here = partial(copy_context().run, _released, perform, seconds)
        self._watch(self._underway(position, seconds, call, attempt), threads.submit(perform_here))

    def in_child(self, position: str, future: Future[Any], seconds: float, call: Call, attempt: int) -> None:
        """Watch a call that was handed to a child process; its slot is given back when it ends."""
        future.add_done_callback(lambda _: child_slots.release())
        self._watch(self._underway(position, seconds, call, attempt), future)

    def _underway(self, position: str, seconds: float, call: Call | None, attempt: int) -> Underway:
        moment = self.claim.clock.moment()
        underway = Underway(position, call, attempt, boot() + seconds + GRACE_SECONDS, moment)
        self.busy[position] = underway
        return underway

    def _watch(self, underway: Underway, future: Future[Any]) -> None:
        future.add_done_callback(partial(self._ended, underway))

    # --- ending ---

    def next(self, seconds: float | None = None) -> Done | None:
        """The next end, waiting for it at most `seconds`; None when there is news or time is up. Raises LostClaim."""
        self.touched = boot()
        wait = min((underway.ends for underway in self.busy.values()), default=boot() + 60.0) - boot()
        try:
            with computing.paused():
                end = self._end(max(0.0, min(wait, seconds if seconds is not None else wait)))
        except queue.Empty:
            return self._overdue()
        if self._lost:
            raise LostClaim
        if end is None:
            return None
        underway, future = end
        if self.busy.get(underway.position) is not underway:  # it was given up before
            self._report(underway, future)
            return None
        del self.busy[underway.position]
        crashpoint("tool_returned" if underway.call else "model_returned")
        self._unsettled.append((underway, future))
        return Done(underway, future)

    def _end(self, seconds: float) -> tuple[Underway, Future[Any]] | None:
        """The next entry of the queue; before a wait that is worth it, the connection is given back."""
        try:
            return self._ends.get(timeout=min(seconds, QUICK_SECONDS))
        except queue.Empty:
            database.release()
            return self._ends.get(timeout=seconds)

    def settled(self) -> None:
        """What was taken from here is committed."""
        self._unsettled.clear()

    def give_up_reads(self) -> bool:
        """Wait no longer for model calls and reads, which the next claim makes again; says whether more goes on."""
        self.busy = {place: underway for place, underway in self.busy.items() if underway.attempt}
        return bool(self.busy)

    def _overdue(self) -> Done | None:
        late = next((underway for underway in self.busy.values() if underway.ends <= boot()), None)
        if late is None:
            return None
        del self.busy[late.position]
        return Done(late, None)

    def nudge(self) -> None:
        """There is news for the claim."""
        self._news = True
        self._ends.put(None)

    def take_news(self) -> bool:
        """Whether there was a nudge since the last time."""
        news, self._news = self._news, False
        return news

    def lose(self) -> None:
        """The claim is somebody else's: whatever ends from now on is only reported."""
        with self._lock:
            self._lost = True
        self._ends.put(None)

    def _ended(self, underway: Underway, future: Future[Any]) -> None:
        with self._lock:
            if not self._lost:
                self._ends.put((underway, future))
                return
        self._report(underway, future)

    def abandon(self) -> None:
        """Let go: what has ended already and what still will is appended to its call as a report."""
        self.lose()
        for underway, future in self._unsettled:
            self._report(underway, future)
        while not self._ends.empty():
            if (end := self._ends.get()) is not None:
                self._report(*end)

    def report(self, done: Done) -> None:
        """Append what came of an effect to its call, as evidence."""
        if done.future is not None:
            self._report(done.underway, done.future)

    def _report(self, underway: Underway, future: Future[Any]) -> None:
        if underway.call is None or not underway.attempt or future.cancelled() or future.exception():
            return
        result = future.result()
        value = result.value and self.claim.keep(result.value)
        report = {"kind": result.kind, "value": value, "error": result.error}
        with database.released_after():
            database.rows(
                statements.REPORT,
                call=underway.call.id,
                epoch=self.claim.epoch,
                attempt=underway.attempt,
                report=dumps(report),
            )


def _released(perform: Callable[[], Any], seconds: float) -> Any:
    try:
        with contained(seconds):
            return perform()
    finally:
        database.release()
