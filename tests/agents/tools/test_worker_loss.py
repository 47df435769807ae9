"""What children do when the worker above them is killed or paused."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.agents.tools.waiting import eventually, is_running, lines

Start = Callable[..., tuple["subprocess.Popen[str]", int]]


@pytest.fixture
def start(ledger: Path) -> Iterator[Start]:
    """Start a worker whose child performs a tool; gives the worker and the child's pid."""
    workers: list[subprocess.Popen[str]] = []

    def start(tool: str, seconds: float, *flags: str) -> tuple["subprocess.Popen[str]", int]:
        command = [sys.executable, "-m", "tests.agents.tools.worker", tool, str(ledger), str(seconds), *flags]
        worker = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        workers.append(worker)
        assert worker.stdout
        return worker, json.loads(worker.stdout.readline())["pid"]

    yield start
    for worker in workers:
        worker.kill()
        worker.wait()
        assert worker.stdout
        worker.stdout.close()


def test_a_child_dies_with_its_worker_long_before_its_deadline(start: Start, ledger: Path) -> None:
    worker, child = start("drip", 600)
    eventually(lambda: lines(ledger))
    worker.send_signal(signal.SIGKILL)
    eventually(lambda: not is_running(child), seconds=5)


def test_a_child_dies_by_its_own_timer_while_its_worker_is_paused(start: Start, ledger: Path) -> None:
    worker, child = start("drip", 1)
    eventually(lambda: lines(ledger))
    worker.send_signal(signal.SIGSTOP)
    eventually(lambda: not is_running(child), seconds=5)
    written = lines(ledger)
    worker.send_signal(signal.SIGCONT)
    assert worker.stdout
    assert json.loads(worker.stdout.readline())["type"] == "timeout"
    assert lines(ledger) == written


def test_a_child_begins_nothing_for_a_worker_that_is_gone(start: Start, ledger: Path) -> None:
    worker, child = start("stamp", 600, "--then-die")
    assert worker.wait(timeout=20) == -signal.SIGKILL
    os.kill(child, signal.SIGCONT)
    eventually(lambda: not is_running(child), seconds=5)
    assert lines(ledger) == []
