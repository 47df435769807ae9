"""Cuts off a flow that computes without end: an exception thrown into its thread is all that stops a loop."""

import ctypes
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings

from agents.runtime.clock import boot

LOOK_SECONDS = 0.25


class CutOff(BaseException):
    """The flow computed for too long; no Exception, so that a flow does not catch it by accident."""


@dataclass(slots=True, eq=False)
class Entry:
    """One thread in one block, until when (boot clock), and whether it was thrown at."""

    until: float
    thrown: bool = False


class Watchdog:
    """Watches the threads of this process that run flow code.

    Each entry is popped once: by its thread on leaving, or by the watchdog, which then throws. A thread that finds its
    entry gone waits for the throw, so that nothing arrives later, in the middle of a commit. The block has to call
    what it limits: CPython 3.13 may pass over the handlers of the very frame in which a loop is interrupted.
    """

    def __init__(self) -> None:
        self._entries: dict[Entry, int] = {}
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def limit(self) -> Iterator[None]:
        """Raise CutOff inside this block once it has run for FLOW_SECONDS."""
        self._watch()
        entry = Entry(boot() + settings.FLOW_SECONDS)
        self._entries[entry] = threading.get_ident()
        was_cut = False
        try:
            yield
        except CutOff:
            was_cut = True
            raise
        finally:
            if not was_cut:
                self._leave(entry)

    def _leave(self, entry: Entry) -> None:
        if self._entries.pop(entry, None) is None:
            while not entry.thrown:
                time.sleep(0.001)
            _throw(threading.get_ident(), None)  # it has arrived by now, and nothing may come later

    def _watch(self) -> None:
        with self._start:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._look_forever, name="watchdog", daemon=True)
                self._thread.start()

    def _look_forever(self) -> None:
        pause = threading.Event()
        while not pause.wait(LOOK_SECONDS):
            for entry in [entry for entry in list(self._entries) if entry.until < boot()]:
                if (thread := self._entries.pop(entry, None)) is not None:
                    _throw(thread, CutOff)
                    entry.thrown = True


def _throw(thread: int, error: type[BaseException] | None) -> None:
    """Have the interpreter raise `error` in that thread soon, or take back what it has not raised."""
    thrown = ctypes.py_object(error) if error else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), thrown)


watchdog = Watchdog()
