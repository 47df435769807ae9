"""Who computes: few claims of a process at a time, and workspaces by turns, however much each of them has to do.

Python runs one thread at a time. With thirty of them at work, each piece of a run would wait for thirty others.
"""

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from agents.runtime import database
from agents.runtime.clock import boot

AT_ONCE = 2  # one waits for the database while the other computes
LENT = 4  # so many commits more than have a place: several share a flush of the disk, and little else is slower for it
SHARED_SECONDS = 10.0  # so long after turns of two workspaces a worker counts as shared between them
PATIENCE_SECONDS = 1.0  # a flow may compute for ten before it is cut off; nobody else waits for so long


class RoundRobin:
    """So many places that are free go to workspaces in turn (fair queueing, RFC 970), in each to who came first.

    While workspaces share them, the last free one is for a workspace that has none: it never waits for another.
    """

    def __init__(
        self, places: int, before_waiting: Callable[[], None] = lambda: None, patience: float = PATIENCE_SECONDS
    ):
        self._free = places
        self._before_waiting = before_waiting
        self._patience = patience
        self._held: Counter[int] = Counter()
        self._waiting: dict[int, deque[threading.Lock]] = {}
        self._lock = threading.Lock()
        self._mine = threading.local()
        self._lending = threading.BoundedSemaphore(LENT)
        self._latest: int | None = None
        self._shared_at = -SHARED_SECONDS

    @contextmanager
    def turn(self, workspace_id: int) -> Iterator[None]:
        """Compute for this workspace within the block, once it is its turn or patience is over."""
        self._mine.workspace_id, self._mine.has_place = workspace_id, self._take(workspace_id)
        try:
            yield
        finally:
            self._give(workspace_id)
            self._mine.workspace_id = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let others compute while this thread waits for something slow; nothing where it has no turn."""
        if (workspace_id := getattr(self._mine, "workspace_id", None)) is None:
            yield
            return
        self._give(workspace_id)
        try:
            yield
        finally:
            self._mine.has_place = self._take(workspace_id)

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Let others compute during a commit, some at a time, so that several are flushed to the disk at once.

        Not where workspaces share this worker: each commit under way slows the runs of all.
        """
        if self._is_shared or not self._lending.acquire(blocking=False):
            yield
            return
        try:
            with self.paused():
                yield
        finally:
            self._lending.release()

    @property
    def _is_shared(self) -> bool:
        return boot() - self._shared_at < SHARED_SECONDS

    def _take(self, workspace_id: int) -> bool:
        """Wait for a place; False where patience ended first."""
        called = self._called(workspace_id)
        if called is None:
            return True
        self._before_waiting()
        if called.acquire(timeout=self._patience):
            return True
        with self._lock:
            return called.acquire(blocking=False) or self._left(workspace_id, called)

    def _called(self, workspace_id: int) -> threading.Lock | None:
        """What is released when it is this thread's turn; None where it is at once."""
        with self._lock:
            if self._latest not in (None, workspace_id):
                self._shared_at = boot()
            self._latest = workspace_id
            if self._may_have(workspace_id):
                self._enter(workspace_id)
                return None
            called = threading.Lock()
            called.acquire()
            self._waiting.setdefault(workspace_id, deque()).append(called)
            return called

    def _may_have(self, workspace_id: int) -> bool:
        return self._free > (1 if self._is_shared and self._held[workspace_id] else 0)

    def _enter(self, workspace_id: int) -> None:
        self._free -= 1
        self._held[workspace_id] += 1

    def _left(self, workspace_id: int, called: threading.Lock) -> bool:
        self._waiting[workspace_id].remove(called)
        if not self._waiting[workspace_id]:
            del self._waiting[workspace_id]
        return False

    def _give(self, workspace_id: int) -> None:
        """Hand the place to the workspace that has waited longest since its last turn and may have it."""
        if not self._mine.has_place:
            return
        self._mine.has_place = False
        with self._lock:
            self._free += 1
            self._held[workspace_id] -= 1
            while (others := next(filter(self._may_have, self._waiting), None)) is not None:
                self._enter(others)
                queue = self._waiting.pop(others)
                queue.popleft().release()
                if queue:
                    self._waiting[others] = queue  # at the end of the round


computing = RoundRobin(AT_ONCE, before_waiting=database.release)  # whoever waits holds no connection
