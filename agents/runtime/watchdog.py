"""Cuts off a flow that computes without end: an exception thrown into its thread is all that stops a loop."""

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings

from agents.exceptions import CutOff
from agents.runtime.clock import boot

LOOK_SECONDS = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One thread in one block, and until when (boot clock)."""

    thread: int
    until: float


class Watchdog:
    """Watches the threads of this process that run flow code.

    It throws at each look until the block is left, as the flow may catch even this; leaving takes back what has not
    arrived, so that nothing arrives later, in the middle of a commit. The block has to call what it limits: CPython
    3.13 may pass over the handlers of the very frame in which a loop is interrupted.
    """

    def __init__(self) -> None:
        self._entries: set[Entry] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def limit(self) -> Iterator[None]:
        """Raise CutOff inside this block once it has run for FLOW_SECONDS."""
        entry = Entry(threading.get_ident(), boot() + settings.FLOW_SECONDS)
        self._enter(entry)
        try:
            try:
                yield
            finally:
                self._leave(entry)
        except CutOff:
            self._leave(entry)  # it may have come while the block was being left
            raise

    def _enter(self, entry: Entry) -> None:
        with self._lock:
            self._entries.add(entry)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._look_forever, name="watchdog", daemon=True)
                self._thread.start()

    def _leave(self, entry: Entry) -> None:
        with self._lock:
            self._entries.discard(entry)
            _throw(entry.thread, None)

    def _look_forever(self) -> None:
        pause = threading.Event()
        while not pause.wait(LOOK_SECONDS):
            with self._lock:
                for entry in self._entries:
                    if entry.until < boot():
                        _throw(entry.thread, CutOff)


def _throw(thread: int, error: type[BaseException] | None) -> None:
    """Have the interpreter raise `error` in that thread soon, or take back what it has not raised."""
    thrown = ctypes.py_object(error) if error else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), thrown)


watchdog = Watchdog()
