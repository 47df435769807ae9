"""Ends the sessions of a supervisor that was killed; a script of its own, started with a pipe as its input.

The supervisor writes "+ SESSION SIGNAL" and "- SESSION" lines. When the pipe closes, what is still listed gets its
signal, and SIGKILL a little later. A session holds whatever its first process started, also what has moved to a
process group of its own.
"""

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

PATIENCE_SECONDS = 3.5
LOOK_SECONDS = 0.05


def listen() -> dict[int, int]:
    """The sessions that are left, with their signals, when the supervisor is gone."""
    sessions: dict[int, int] = {}
    for line in sys.stdin:
        verb, session, *number = line.split()
        if verb == "+":
            sessions[int(session)] = int(number[0])
        else:
            sessions.pop(int(session), None)
    return sessions


def end(sessions: dict[int, int]) -> None:
    """Signal every session, wait a little, kill what stayed."""
    for session, number in sessions.items():
        send(session, number)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and any(members(session) for session in sessions):
        time.sleep(LOOK_SECONDS)
    for session in sessions:
        kill(session)


def kill(session: int) -> None:
    """End a session for good, with what it forks meanwhile."""
    for _ in range(20):
        if not send(session, signal.SIGKILL):
            return
        time.sleep(LOOK_SECONDS)


def send(session: int, number: int) -> bool:
    """Whether there was anybody to signal."""
    found = members(session)
    for process in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)
    return bool(found)


def members(session: int) -> list[int]:
    """The living processes of a session; where there is no /proc its first process group (as kill(2) names it)."""
    if sys.platform != "linux":
        return [-session] if is_there(-session) else []
    return [int(stat.parent.name) for stat in Path("/proc").glob("[0-9]*/stat") if is_member(stat, session)]


def is_member(stat: Path, session: int) -> bool:
    """Whether the process is of that session, and more than a zombie."""
    try:
        state, _, _, of, *_ = stat.read_text(errors="replace").rpartition(")")[2].split()
    except (OSError, ValueError):  # it ended as we looked
        return False
    return state != "Z" and int(of) == session


def is_there(process: int) -> bool:
    """Whether kill(2) finds it."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    end(listen())
