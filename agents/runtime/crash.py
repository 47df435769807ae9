"""Named points at which tests let a process die, stop or fail: COUNTERSIGN_CRASH=name:nth:kill|stop|raise."""

import os
import signal
import threading

POINTS = [
    "claimed",
    "before_commit",
    "committed",
    "before_start",
    "started",
    "submitted",
    "tool_returned",
    "model_returned",
    "before_park",
    "before_doorbell",
]


class Crashed(Exception):
    """A crash point was told to raise."""


class _Armed:
    """What the environment asks for: at the nth pass of a point, one of three ends."""

    def __init__(self, order: str):
        self.name, _, rest = order.partition(":")
        nth, _, action = rest.partition(":")
        self.left, self.action, self.lock = int(nth or 1), action or "kill", threading.Lock()

    def passes(self, name: str) -> bool:
        if name != self.name:
            return False
        with self.lock:
            self.left -= 1
            return self.left == 0

    def act(self) -> None:
        if self.action == "raise":
            raise Crashed(self.name)
        os.kill(os.getpid(), signal.SIGSTOP if self.action == "stop" else signal.SIGKILL)


_armed = _Armed(os.environ["COUNTERSIGN_CRASH"]) if os.environ.get("COUNTERSIGN_CRASH") else None


def crashpoint(name: str) -> None:
    """Die here, stop here or raise here, if the environment says so; otherwise nothing."""
    if _armed and _armed.passes(name):
        _armed.act()
