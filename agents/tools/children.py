"""Where keyed and unsafe tools run: child processes that end with their call's deadline, and take nothing with them.

Each child has a pipe of its own and a thread that waits for it, so that one that dies, however it dies, can neither
hold a lock that others need nor leave half a message in a channel that they share.
"""

import atexit
import logging
import multiprocessing
import os
import queue
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.connection import wait

from django.conf import settings

from agents.tools import registry
from agents.tools.child import Answer, Order, boot, serve
from agents.tools.types import CallContext, Effect, ToolResult, failed, lost
from workspaces import logs

__all__ = ["boot", "start", "stop", "submit"]

MAX_WORKERS = 4
START_SECONDS = 60.0
END_SECONDS = 5.0
GRACE_SECONDS = 0.5  # beyond its deadline a child that did not end itself is ended from here

logger = logging.getLogger(__name__)
_forks = multiprocessing.get_context("forkserver")
_lock = threading.Lock()
_exits = threading.Lock()  # multiprocessing loses exit codes when two threads look at once
_pool: "Pool | None" = None


def start(max_workers: int = MAX_WORKERS) -> None:
    """Start the children now instead of with the first call; does nothing if they run."""
    _running(max_workers)


def submit(
    tool_name: str,
    args: bytes,
    context: CallContext,
    timeout: float,
    *,
    not_after: float | None = None,
    effect: Effect | None = None,
) -> Future[ToolResult]:
    """Perform a call in a child that is dead `timeout` seconds after it took it.

    It is not entered after `not_after` (`boot()` clock): `failed` with type `too_late` means that certainly nothing
    happened. `effect` is the declared one unless an admin tightened it.
    """
    return _running().submit(Order(tool_name, args, context, timeout, not_after, effect))


def stop() -> None:
    """Let calls in flight end, drop those that wait for a child (their futures are cancelled), end the children."""
    global _pool
    with _lock:
        pool, _pool = _pool, None
    if pool is not None:
        pool.stop()


def _running(max_workers: int = MAX_WORKERS) -> "Pool":
    global _pool  # noqa: PLW0603  # one pool a process
    with _lock:
        if _pool is None:
            _pool = Pool(max_workers, list(getattr(settings, "TOOL_MODULES", [])))
        return _pool


class Pool:
    """As many threads as children: whoever has a thread finds an idle child."""

    def __init__(self, size: int, modules: list[str]) -> None:
        _forks.set_forkserver_preload(["agents.tools.warm"])
        self._children = [Child(modules) for _ in range(size)]
        self._idle: queue.LifoQueue[Child] = queue.LifoQueue()
        for child in self._children:
            self._idle.put(child)
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="tool-child")

    def submit(self, order: Order) -> Future[ToolResult]:
        return self._threads.submit(self._perform, order)

    def stop(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
        for child in self._children:
            child.end()

    def _perform(self, order: Order) -> ToolResult:
        child = self._idle.get()
        try:
            with logs.about(**order.context.named()):
                return child.perform(order)
        except BaseException:
            child.end()  # what it may still say belongs to this call
            raise
        finally:
            self._idle.put(child)


class Child:
    """A place for one process, which is replaced when it has died."""

    def __init__(self, modules: list[str]) -> None:
        self._modules = modules
        self._is_ready = self._has_ended = False
        self._start()

    def perform(self, order: Order) -> ToolResult:
        """What came of the order; whatever happens to the process is a result too."""
        try:
            self._make_ready()
        except (OSError, EOFError) as error:
            return self._not_started(order, error)
        with self._limit(order.timeout):
            try:
                self._connection.send(order)
            except OSError as error:  # it has not read the whole of it
                return self._not_started(order, error)
            answer = self._heard(order)
        if answer is None:
            return self._gone(order)
        if answer.is_last:
            self.end()
        return answer.result

    def end(self) -> None:
        """End the process and what it has started."""
        if self._has_ended:
            return
        self._has_ended = True
        self._process.kill()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, signal.SIGKILL)
        self._exit_code(END_SECONDS)
        self._connection.close()

    def _start(self) -> None:
        ours, theirs = _forks.Pipe()
        with theirs, _exits:
            process = _forks.Process(target=serve, args=(theirs, self._modules), name="tool child")
            process.start()
        assert process.pid
        self._connection, self._process, self._pid = ours, process, process.pid
        self._is_ready = self._has_ended = False

    def _make_ready(self) -> None:
        if self._has_ended or self._exit_code() is not None or (self._is_ready and self._connection.poll()):
            self.end()
            self._start()
        if not self._is_ready and not self._connection.poll(START_SECONDS):
            raise TimeoutError("it did not get ready")
        if not self._is_ready:
            self._connection.recv_bytes()
            self._is_ready = True

    @contextmanager
    def _limit(self, seconds: float) -> Iterator[None]:
        """Talk with the process for so long at most, whatever it sends and however slowly it listens."""
        self._late_at = time.monotonic() + seconds
        timer = threading.Timer(seconds + GRACE_SECONDS, self._hang_up)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _hang_up(self) -> None:
        with suppress(OSError), socket.socket(fileno=os.dup(self._connection.fileno())) as ours:
            ours.shutdown(socket.SHUT_RDWR)

    def _heard(self, order: Order) -> Answer | None:
        """The answer to this order; None where the process has died or is silent for too long."""
        if self._connection not in wait([self._connection, self._process.sentinel]):
            return None
        longest = 2 * settings.MAX_RESULT_BYTES + 2**20  # each character of a result may be escaped once more
        try:
            answer = Answer.unpacked(self._connection.recv_bytes(longest))
        except (EOFError, OSError):
            return self._foreign(order) if not self._connection.readable else None  # after what is too long
        except (TypeError, ValueError):
            answer = None
        return answer if answer and answer.to == order.name else self._foreign(order)

    def _foreign(self, order: Order) -> Answer:
        sentence = f"{order.tool} wrote to the pipe of its process, so what it came to cannot be told."
        return Answer(order.name, lost(order.effect or effect_of(order.tool), "crashed", sentence), is_last=True)

    def _not_started(self, order: Order, error: Exception) -> ToolResult:
        self.end()
        return failed("not_started", f"No process could be started for {order.tool}: {error}", retryable=True)

    def _gone(self, order: Order) -> ToolResult:
        """The process has died, or is silent beyond its time and is ended here."""
        is_late = time.monotonic() >= self._late_at
        code = self._exit_code(GRACE_SECONDS if is_late else END_SECONDS)
        self.end()
        logger.warning("The child process of %s ended with %s", order.tool, code)
        effect = order.effect or effect_of(order.tool)
        if is_late or code is None or code == -signal.SIGALRM:
            return lost(effect, "timeout", f"{order.tool} did not end within {order.timeout:g} seconds.")
        if code < 0:
            what = signal.strsignal(-code) or f"signal {-code}"
            return lost(effect, "crashed", f"The process of {order.tool} died: {what}.", signal=-code)
        return lost(effect, "crashed", f"{order.tool} ended its process with exit code {code}.", exit_code=code)

    def _exit_code(self, seconds: float = 0) -> int | None:
        wait([self._process.sentinel], seconds)
        with _exits:
            return self._process.exitcode


def effect_of(tool_name: str) -> Effect:
    """The declared effect; a tool that nobody knows is taken for unsafe."""
    spec = registry.get(tool_name)
    return spec.effect if spec else "unsafe"


atexit.register(stop)
