"""A read that forks leaves a copy of the whole worker behind: it goes no further than the read."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_here = threading.local()


@contextmanager
def contained(seconds: float) -> Iterator[None]:
    """What the block forks ends with it, or `seconds` after it began."""
    home, _here.ends = os.getpid(), time.monotonic() + seconds
    try:
        yield
    finally:
        if os.getpid() != home:
            os._exit(0)
        _here.ends = None


def _in_a_copy() -> None:
    if ends := getattr(_here, "ends", None):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, max(ends - time.monotonic(), 0.001))


os.register_at_fork(after_in_child=_in_a_copy)
