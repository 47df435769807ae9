"""Simulated workers: the real `advance`, each in a thread that goes on only when it is told to.

A worker stands still before every statement and at every crash point. There it can be paused, killed, or overtaken
by the others; its model calls, reads and tool children end when the simulation lets them.
"""

import queue
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db import connection

from agents.models import ToolCall
from agents.runtime import clock
from agents.runtime.advance import advance
from agents.runtime.crash import Crashed
from agents.runtime.heartbeat import Heartbeat
from agents.tools import registry
from agents.tools.perform import perform
from agents.tools.types import ToolResult, failed, lost

PATIENCE_SECONDS = 60  # of the test itself, on the real clock


class Killed(BaseException):
    """This simulated process is gone: it gets no further, and touches nothing."""


@dataclass(eq=False)
class Worker:
    """One process that advances one run at a time."""

    name: str
    thread: threading.Thread | None = None
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    back: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    is_paused: bool = False
    is_dead: bool = False
    will_raise: bool = False
    waits_until: float | None = None
    at: str = ""
    held: dict[Any, Any] = field(default_factory=dict)
    mailboxes: list["Mailbox"] = field(default_factory=list)
    error: BaseException | None = None

    @property
    def is_idle(self) -> bool:
        return self.thread is None

    @property
    def can_go_on(self) -> bool:
        """Whether a step would do anything: a worker that waits needs news or the end of its patience."""
        if self.is_idle or self.is_paused:
            return False
        has_news = any(box.items for box in self.mailboxes)
        return self.waits_until is None or has_news or clock.boot() >= self.waits_until

    def calls(self) -> list[str]:
        """The calls that it holds, for whoever wonders what it does."""
        held = [call for work in self.held.values() for call in ToolCall.objects.filter(run=work.claim.id)]
        return [f"{call.tool} {call.status} decided {call.decided!r} effective {call.effective_at}" for call in held]

    def take(self, run_id: str) -> None:
        """Begin to advance a run; stands still before its first statement."""
        self.mailboxes.clear()
        self.thread = threading.Thread(target=self._work, args=(run_id,), daemon=True)
        workers[self.thread] = self
        self.thread.start()
        self.step()

    def step(self) -> None:
        """Let it go on to its next point."""
        self.go.release()
        assert self.back.acquire(timeout=PATIENCE_SECONDS), f"{self.name} hangs at {self.at}"
        if self.thread and self.at == "ended":
            self.thread.join()
            del workers[self.thread]
            self.thread = None
        if self.error:
            raise AssertionError(f"{self.name} broke: {self.error!r}") from self.error

    def kill(self) -> None:
        """SIGKILL: whatever it stood at, nothing more comes of it."""
        self.is_dead = True
        while not self.is_idle:
            self.step()

    def _work(self, run_id: str) -> None:
        self.go.acquire()
        try:
            advance(run_id)
        except (Killed, Crashed):
            self.at = "gone"
        except BaseException as error:  # noqa: BLE001  # told by the simulation, which looks after each step
            self.error = error
        finally:
            connection.close()
            self.at, self.waits_until = "ended", None
            self.back.release()


workers: dict[threading.Thread, Worker] = {}


def stand(at: str, until: float | None = None) -> None:
    """The calling worker stands still here; raises Killed where it does not go on."""
    worker = workers.get(threading.current_thread())
    if worker is None or (connection.in_atomic_block and not worker.is_dead):
        return
    if not worker.is_dead:
        worker.at, worker.waits_until = at, until
        worker.back.release()
        worker.go.acquire()
        worker.waits_until = None
    if worker.is_dead:
        raise Killed
    if worker.will_raise:
        worker.will_raise = False
        raise Crashed(at)


class Mailbox:
    """In place of the queue on which the ends of effects arrive: waiting for it is standing still."""

    def __init__(self) -> None:
        self.items: deque[Any] = deque()
        if worker := workers.get(threading.current_thread()):
            worker.mailboxes.append(self)

    def put(self, item: Any) -> None:
        self.items.append(item)

    def empty(self) -> bool:
        return not self.items

    def get(self, timeout: float | None = None) -> Any:
        until = clock.boot() + (timeout or 0.0)
        while not self.items and timeout is not None:
            stand("waiting", until)
            if not self.items and clock.boot() >= until:
                raise queue.Empty
        return self.items.popleft()


class Always:
    """In place of the slots of tool children: there is one."""

    def acquire(self, blocking: bool = True) -> bool:
        return True

    def release(self) -> None:
        return None


@dataclass(eq=False)
class Thought:
    """A model call or a read in a thread of a worker: it ends with its process."""

    worker: Worker
    perform: Callable[[], Any]
    future: Future[Any] = field(default_factory=Future)

    def end(self) -> None:
        try:
            self.future.set_result(self.perform())
        except Exception as error:  # noqa: BLE001  # the runtime reads it from the future
            self.future.set_exception(error)


@dataclass(eq=False)
class Order:
    """A keyed or unsafe call on its way to a tool child: entered or not, ended or not."""

    worker: Worker
    tool: str
    args: bytes
    context: Any
    timeout: float
    not_after: float
    effect: str
    future: Future[ToolResult] = field(default_factory=Future)
    result: ToolResult | None = None
    ends: float = 0.0

    def enter(self) -> None:
        """What agents/tools/child.py does: the timer runs, the clock is looked at, then the tool acts."""
        self.ends = clock.boot() + self.timeout
        if clock.boot() > self.not_after:
            self.result = failed("too_late", "The call was not entered: its time to start had passed.", retryable=True)
            return
        spec = registry.get(self.tool)
        assert spec
        self.result = perform(spec.declared_as(self.effect, spec.reaches), self.args, self.context)

    def end(self) -> None:
        """The answer, unless the timer was first."""
        assert self.result
        is_late = clock.boot() >= self.ends
        self.future.set_result(lost(self.effect, "timeout", "It did not end in time.") if is_late else self.result)


class Effects:
    """Everything under way in all processes."""

    def __init__(self) -> None:
        self.thoughts: list[Thought] = []
        self.orders: list[Order] = []

    def submit(self, *what: Any, not_after: float | None = None, effect: Any = None) -> Future[Any]:
        """In place of the threads (a function and its arguments) and of the children (a call)."""
        worker = workers[threading.current_thread()]
        if callable(what[0]):
            function, *arguments = what
            thought = Thought(worker, partial(function, *arguments))
            self.thoughts.append(thought)
            return thought.future
        tool, args, context, timeout = what
        order = Order(worker, tool, args, context, timeout, not_after or 0.0, effect)
        self.orders.append(order)
        return order.future

    def forget(self, worker: Worker) -> None:
        """The process is gone: its threads with it, and its children, whatever they have done already."""
        self.thoughts = [thought for thought in self.thoughts if thought.worker is not worker]
        self.orders = [order for order in self.orders if order.worker is not worker]

    def forget_all(self) -> None:
        """The example is over."""
        self.thoughts.clear()
        self.orders.clear()


class Beats(Heartbeat):
    """The real heartbeat, beaten by hand for one process at a time."""

    @contextmanager
    def hold(self, claim, work):
        held = workers[threading.current_thread()].held
        held[claim] = work
        try:
            yield
        finally:
            held.pop(claim, None)

    def beat(self, worker: Worker) -> None:
        self._beat(dict(worker.held))
