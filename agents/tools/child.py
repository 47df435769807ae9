"""Inside a child process: one call after another, each dead at its deadline, none begun for a worker that is gone."""

import math
import multiprocessing
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import django
import orjson
from django.apps import apps
from django.db import connections

from agents.tools import registry
from agents.tools.perform import perform
from agents.tools.types import CallContext, Effect, ToolResult, failed

LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Order:
    """A call that a child is to perform; it is not entered after `not_after` on the boot clock."""

    tool: str
    args: bytes
    context: CallContext
    timeout: float
    not_after: float | None = None
    effect: Effect | None = None

    @property
    def name(self) -> str:
        """What its answer names; no other call has it."""
        return f"{self.context.call_id}:{self.context.attempt}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an order. After one that left something behind in its process that process takes no more."""

    to: str
    result: ToolResult
    is_last: bool

    def packed(self) -> bytes:
        """As it is sent: JSON, so that the worker need not trust what a tool may have written to the pipe."""
        return orjson.dumps([self.to, self.is_last, self.result.kind, self.result.value, self.result.error])

    @classmethod
    def unpacked(cls, sent: bytes) -> "Answer":
        """Raises ValueError where this is no answer."""
        to, is_last, kind, value, error = orjson.loads(sent)
        if kind not in ("succeeded", "failed", "unknown") or not isinstance(is_last, bool):
            raise ValueError(f"no answer: {sent[:100]!r}")
        return cls(to, ToolResult(kind, value, error), is_last)


def boot() -> float:
    """Seconds on the clock that also runs while the machine sleeps (monotonic where there is none)."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def serve(connection: Connection, modules: Iterable[str]) -> None:
    """Perform orders until the worker hangs up."""
    _settle(modules)
    deadline = Deadline(connection)
    threading.Thread(target=_die_in_time, args=[deadline], daemon=True).start()
    try:
        connection.send_bytes(b"ready")
        while True:
            answer = _answer(connection.recv(), deadline)
            connection.send_bytes(answer.packed())
            if answer.is_last:
                os.killpg(0, signal.SIGKILL)
    except (EOFError, OSError):  # the worker hung up
        return


def _settle(modules: Iterable[str]) -> None:
    os.setpgid(0, 0)  # what the tool starts is found, and signals to the worker's group do not arrive here
    if not apps.ready:
        django.setup()
    registry.discover(modules)
    for settings in connections.settings.values():
        settings["OPTIONS"] = {key: value for key, value in settings["OPTIONS"].items() if key != "pool"}


def _die_in_time(deadline: "Deadline") -> None:
    """With the worker, and soon after a deadline at which the kernel's timer was no longer set."""
    worker = _worker()
    while worker.is_alive() and time.monotonic() < deadline.ends + LOOK_SECONDS:
        worker.join(LOOK_SECONDS)
    os.killpg(0, signal.SIGKILL)


def _worker() -> BaseProcess:
    worker = multiprocessing.parent_process()
    assert worker, "this runs in children only"
    return worker


class Deadline:
    """The end of the call under way: the kernel's timer kills this process then, whoever else is paused or gone."""

    def __init__(self, connection: Connection) -> None:
        self.connection, self.ends = connection, math.inf
        os.register_at_fork(after_in_child=self._in_a_fork)

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Die `seconds` later unless `lift` is called; a process that the block forked goes no further than it."""
        home = os.getpid()
        self.ends = time.monotonic() + seconds
        self._arm(seconds)
        yield
        if os.getpid() != home:
            os._exit(0)

    def lift(self) -> None:
        """The call is over, and left nothing that could still act."""
        self.ends = math.inf
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _arm(self, seconds: float) -> None:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # an earlier tool may have changed it
        signal.setitimer(signal.ITIMER_REAL, seconds)

    def _in_a_fork(self) -> None:
        """Timers are not inherited; and only the child itself may answer."""
        self._arm(max(self.ends - time.monotonic(), 0.001))
        self.connection.close()


def _answer(order: Order, deadline: Deadline) -> Answer:
    before = _surroundings()
    with deadline.within(order.timeout):
        result = _refusal(order) or _perform(order)
    connections.close_all()  # no session state, open transaction or stale connection goes from one call to the next
    is_last = result.kind == "unknown" or _surroundings() != before
    if not is_last:
        deadline.lift()
    return Answer(order.name, result, is_last)


def _surroundings() -> tuple[object, ...]:
    """What a call could leave behind for the next: above all a thread, which may act when the call has its outcome."""
    here, files = os.stat("."), resource.getrlimit(resource.RLIMIT_NOFILE)
    return threading.active_count(), (here.st_dev, here.st_ino), files, dict(os.environ), list(sys.path)


def _refusal(order: Order) -> ToolResult | None:
    """Why the call is not entered; the timer runs already, so a pause after this look cannot make it late."""
    if not _worker().is_alive():
        os.killpg(0, signal.SIGKILL)
    if order.not_after is not None and boot() > order.not_after:
        return failed("too_late", "The call was not entered: its time to start had passed.", retryable=True)
    return None


def _perform(order: Order) -> ToolResult:
    spec = registry.get(order.tool)
    if spec is None or spec.function is None:
        return failed("unknown_tool", f"There is no code for the tool {order.tool!r} here.")
    return perform(spec.declared_as(order.effect or spec.effect, spec.reaches), order.args, order.context)
