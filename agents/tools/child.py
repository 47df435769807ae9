"""Inside a child process: one call after another, each dead at its deadline, none begun for a worker that is gone."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import django
from django.apps import apps
from django.db import connections

from agents.tools import registry
from agents.tools.perform import perform
from agents.tools.types import CallContext, Effect, ToolResult, failed


@dataclass(frozen=True, slots=True)
class Order:
    """A call that a child is to perform; it is not entered after `not_after` on the boot clock."""

    tool: str
    args: bytes
    context: CallContext
    timeout: float
    not_after: float | None = None
    effect: Effect | None = None


def boot() -> float:
    """Seconds on the clock that also runs while the machine sleeps (monotonic where there is none)."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def serve(connection: Connection, modules: Iterable[str]) -> None:
    """Perform orders until the worker hangs up."""
    _settle(modules)
    deadline = Deadline(connection)
    threading.Thread(target=_die_with_the_worker, daemon=True).start()
    try:
        connection.send(None)
        while True:
            connection.send(_answer(connection.recv(), deadline))
    except (EOFError, OSError):  # the worker hung up
        return


def _settle(modules: Iterable[str]) -> None:
    os.setpgid(0, 0)  # what the tool starts is found, and signals to the worker's group do not arrive here
    if not apps.ready:
        django.setup()
    registry.discover(modules)
    for settings in connections.settings.values():
        settings["OPTIONS"] = {key: value for key, value in settings["OPTIONS"].items() if key != "pool"}


def _die_with_the_worker() -> None:
    _worker().join()
    os.killpg(0, signal.SIGKILL)


def _worker() -> BaseProcess:
    worker = multiprocessing.parent_process()
    assert worker, "this runs in children only"
    return worker


class Deadline:
    """The end of the call under way: the kernel's timer kills this process then, whoever else is paused or gone."""

    def __init__(self, connection: Connection) -> None:
        self.connection, self.ends = connection, 0.0
        os.register_at_fork(after_in_child=self._in_a_fork)

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Die unless the block ends within `seconds`; a process that the block forked goes no further than it."""
        home = os.getpid()
        self.ends = time.monotonic() + seconds
        self._arm(seconds)
        yield
        if os.getpid() != home:
            os._exit(0)
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _arm(self, seconds: float) -> None:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # an earlier tool may have changed it
        signal.setitimer(signal.ITIMER_REAL, seconds)

    def _in_a_fork(self) -> None:
        """Timers are not inherited; and only the child itself may answer."""
        self._arm(max(self.ends - time.monotonic(), 0.001))
        self.connection.close()


def _answer(order: Order, deadline: Deadline) -> ToolResult:
    with deadline.within(order.timeout):
        result = _refusal(order) or _perform(order)
    connections.close_all()  # no session state, open transaction or stale connection goes from one call to the next
    return result


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
