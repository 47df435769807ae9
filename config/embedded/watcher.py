"""Ends the process groups of a supervisor that was killed; a script of its own, started with a pipe as its input.

The supervisor writes "+ GROUP SIGNAL" and "- GROUP" lines. When the pipe closes, what is still listed gets its signal,
and SIGKILL a little later.
"""

import contextlib
import os
import signal
import sys
import time

PATIENCE_SECONDS = 3.5


def listen() -> dict[int, int]:
    """The groups that are left, with their signals, when the supervisor is gone."""
    groups: dict[int, int] = {}
    for line in sys.stdin:
        verb, group, *number = line.split()
        if verb == "+":
            groups[int(group)] = int(number[0])
        else:
            groups.pop(int(group), None)
    return groups


def send(group: int, number: int) -> bool:
    """Whether the group was there to get the signal."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)
        return True
    return False


def end(groups: dict[int, int]) -> None:
    """Signal every group, wait a little, kill what stayed."""
    for group, number in groups.items():
        send(group, number)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and any(send(group, 0) for group in groups):
        time.sleep(0.05)
    for group in groups:
        send(group, signal.SIGKILL)


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    end(listen())
