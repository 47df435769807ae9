"""One `up` a home: the lock is held until the last process of it is gone, also when it was killed."""

import fcntl
import os
import time
from pathlib import Path

from config.embedded.places import CannotStart, unwritable
from config.home import read_json

LEAVING_SECONDS = 10  # a killed installation has left by then


class Lock:
    """The lock file, which says who holds it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def fileno(self) -> int:
        """For whoever holds on to the lock after us."""
        return self.descriptor

    def try_to_take(self) -> bool:
        """Whether it is ours now."""
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def write_url(self, url: str) -> None:
        """Tell the next one who comes where we are."""
        text = f'{{"process": {os.getpid()}, "url": "{url}"}}\n'
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, text.encode(), 0)


def take_lock(home: Path) -> Lock:
    """The lock of a home; if somebody lives there, say who and where."""
    try:
        lock = Lock(home / "lock")
    except OSError as error:
        raise unwritable(home, error) from error
    deadline = time.monotonic() + LEAVING_SECONDS
    while not lock.try_to_take():
        holder = read_json(lock.path)
        if is_alive(holder.get("process", 0)) or time.monotonic() > deadline:
            raise CannotStart(f"Countersign already runs in {home} at {holder.get('url', 'its address')}.")
        time.sleep(0.1)
    return lock


def is_alive(process: int) -> bool:
    """Whether a process with this number exists, of whatever user."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return process > 0
