"""Waiting for something that happens in another process."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path


def eventually(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait until the condition holds; fail if it does not."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.01)


def state_of(pid: int) -> str:
    """What `ps` says about a process; empty when there is none."""
    return subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout


def is_running(pid: int) -> bool:
    state = state_of(pid)
    return bool(state.strip()) and not state.startswith("Z")


def lines(ledger: Path) -> list[str]:
    return ledger.read_text().splitlines() if ledger.exists() else []
