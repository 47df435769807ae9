"""Children, the watcher and the logs, each with tiny real processes."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from config.embedded import watcher
from config.embedded.children import Child, Watch, stop
from config.embedded.logs import MAX_FILE_BYTES, Log
from config.embedded.supervisor import HEALTHY_AFTER, LONGEST_DELAY, Kept
from config.home import ROOT

# A process with a child that has moved to a process group of its own.
FAMILY = "import subprocess, time; subprocess.Popen(['sleep', '99'], process_group=0); time.sleep(99)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(99)"
PARENT = f"""
import subprocess, sys, time
from config.embedded.children import Child, Watch
child = Child("family", [sys.executable, "-c", {FAMILY!r}])
print(child.start(Watch(), subprocess.DEVNULL).pid, flush=True)
time.sleep(99)
"""


@pytest.fixture
def watch() -> Iterator[Watch]:
    watch = Watch()
    yield watch
    watch.close()


def started(watch: Watch, script: str) -> tuple[Child, int]:
    child = Child("child", [sys.executable, "-c", script])
    return child, child.start(watch, subprocess.DEVNULL).pid


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


def test_what_a_child_started_ends_with_it(watch: Watch) -> None:
    child, session = started(watch, FAMILY)
    wait_until(lambda: len(watcher.members(session)) == 2)

    child.bury(watch)

    assert watcher.members(session) == []


def test_a_child_that_does_not_listen_is_killed(watch: Watch) -> None:
    child, session = started(watch, STUBBORN)

    stop([child], watch, seconds=0.2)

    assert watcher.members(session) == []


def test_when_the_parent_is_killed_the_watcher_ends_the_session() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    session = int(parent.stdout.readline())
    wait_until(lambda: len(watcher.members(session)) == 2)

    parent.kill()
    parent.communicate()

    wait_until(lambda: watcher.members(session) == [], seconds=5)


def test_when_the_watcher_is_killed_too_the_kernel_ends_the_child() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    session = int(parent.stdout.readline())
    [watching] = [child for child in psutil.Process(parent.pid).children() if child.pid != session]

    watching.kill()
    parent.kill()
    parent.communicate()

    wait_until(lambda: session not in watcher.members(session), seconds=5)
    watcher.kill(session)


def test_restarts_wait_longer_and_longer_until_one_has_lived() -> None:
    kept, now, delays = Kept(Child("x", []), log=None), 1000.0, []  # type: ignore[arg-type]
    for _ in range(7):
        kept.started_at = now
        kept.ended(now)
        delays.append(kept.start_at - now)
    kept.started_at = now
    kept.ended(now + HEALTHY_AFTER + 1)

    assert delays == [1, 2, 4, 8, 16, LONGEST_DELAY, LONGEST_DELAY]
    assert kept.start_at - (now + HEALTHY_AFTER + 1) == 1


def test_only_what_matters_reaches_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = Log(tmp_path, "web")
    log.write(b"INFO all is well\nERR")
    log.write(b"OR lost \x1b[2J\rit\n")
    log.close()

    assert capsys.readouterr().out == "web      | ERROR lost \\x1b[2J\\rit\n"
    assert log.path.read_bytes() == b"INFO all is well\nERROR lost \x1b[2J\rit\n"


def test_a_full_log_is_turned_over(tmp_path: Path) -> None:
    log = Log(tmp_path, "web")
    log.write(b"x" * MAX_FILE_BYTES + b"\n")
    log.write(b"new\n")
    log.close()

    assert log.path.read_bytes() == b"new\n"
    assert (tmp_path / "web.log.1").stat().st_size == MAX_FILE_BYTES + 1


def test_only_pytest_runs_with_arguments_and_its_verdict_counts() -> None:
    command = [sys.executable, str(ROOT / "manage.py"), "test"]

    passed = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False)
    failed = subprocess.run([*command, "-n0", "tests/no_such_test.py"], capture_output=True, text=True, check=False)

    assert (passed.returncode, "--- lint" in passed.stdout) == (0, False)
    assert (failed.returncode, "FAILED: tests" in failed.stdout) == (1, True)
