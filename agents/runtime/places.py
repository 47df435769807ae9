"""Whose runs hold the threads of a worker: one workspace with much to do leaves places for all others."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from uuid import UUID

from agents.runtime.leaving import leaving

PLACES = 40  # of a worker that is not told how many
SHARE = 4  # a workspace may hold so many times as many places as are free: of 40, one alone 32, two of them 17 each


class Places:
    """The places of one worker, and the runs that wait in it because their workspaces hold their shares.

    The threshold moves with what is free, so that some places always are (Choudhury and Hahne, "Dynamic queue length
    thresholds for shared-memory packet switches", 1998). Who waits here stays due in the database: a worker that ends
    loses nothing.
    """

    def __init__(self, size: int, workspaces_of: Callable[[set[UUID]], dict[UUID, int]]):
        self.size = size
        self._workspaces_of = workspaces_of
        self._held: dict[int, UUID] = {}  # by thread
        self._known: dict[UUID, int] = {}  # whose those are; asked for only where places are getting few
        self._waiting: dict[int, deque[UUID]] = {}
        self._lock = threading.Lock()

    def runs(self, run: UUID) -> Iterator[UUID]:
        """The run, if its workspace may hold one more place, and then whichever may have that place next."""
        here = self._entered(run)
        try:
            while here:
                yield here
                here = self._next()
        finally:
            with self._lock:
                self._leave()

    def _entered(self, run: UUID) -> UUID | None:
        with self._lock:
            is_crowded = 2 * len(self._held) >= self.size
            unknown = {run, *self._held.values()} - self._known.keys()
        found = self._workspaces_of(unknown) if is_crowded else {}
        with self._lock:
            self._known |= {one: found[one] for one in self._held.values() if one in found}
            workspace_id = found.get(run, self._known.get(run))
            if workspace_id is not None and not self._may_hold_more(workspace_id):
                self._waiting.setdefault(workspace_id, deque()).append(run)
                return None
            return self._hold(run, workspace_id)

    def _next(self) -> UUID | None:
        with self._lock:
            self._leave()
            workspace_id = next((one for one in self._waiting if self._may_hold_more(one)), None)
            if workspace_id is None or leaving.is_asked:
                return None
            queue = self._waiting.pop(workspace_id)
            run = queue.popleft()
            if queue:
                self._waiting[workspace_id] = queue  # at the end of the round
            return self._hold(run, workspace_id)

    def _hold(self, run: UUID, workspace_id: int | None) -> UUID:
        self._held[threading.get_ident()] = run
        if workspace_id is not None:
            self._known[run] = workspace_id
        return run

    def _leave(self) -> None:
        if run := self._held.pop(threading.get_ident(), None):
            self._known.pop(run, None)

    def _may_hold_more(self, workspace_id: int) -> bool:
        held = sum(self._known.get(run) == workspace_id for run in self._held.values())
        return held < max(1, SHARE * (self.size - len(self._held)))
