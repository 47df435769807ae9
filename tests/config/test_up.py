"""`manage.py up` as a whole: it starts, heals, refuses and ends as promised."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from config.home import ROOT
from tests.plugin import temporary_home

SERVICE_NAMES = ("DATABASE_URL", "DATABASE_OWNER_URL", "BROKER_URL", "PUBLIC_URL", "SECRET_KEY")


class Up:
    """A running `manage.py up` in a home of its own."""

    def __init__(self, home: Path, *arguments: str, **environment: str) -> None:
        inherited = {name: value for name, value in os.environ.items() if name not in SERVICE_NAMES}
        command = [sys.executable, str(ROOT / "manage.py"), "up", "--home", str(home), "--no-demo", *arguments]
        self.worker_log = home / "logs" / "worker.log"
        self.popen = subprocess.Popen(
            command, env={**inherited, **environment}, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self.process = psutil.Process(self.popen.pid)

    def until_it_runs(self) -> str:
        """Its address, once it is printed."""
        assert self.popen.stdout
        printed = ""
        for line in self.popen.stdout:
            printed += line
            if found := re.match(r"    (http://\S+)$", line):
                return found[1]
        raise AssertionError(printed)

    def refusal(self) -> str:
        """What it says as it gives up."""
        printed, _ = self.popen.communicate(timeout=60)
        assert self.popen.returncode == 1, printed
        return printed

    def family(self) -> list[psutil.Process]:
        """Every process that it started."""
        return self.process.children(recursive=True)

    def child(self, name: str) -> psutil.Process | None:
        """One of its programs."""
        return next((child for child in self.family() if name in words(child)), None)

    def log_of_the_worker(self) -> str:
        """What the worker wrote so far, in this home."""
        return self.worker_log.read_text() if self.worker_log.exists() else ""

    def end(self) -> None:
        """Whatever happened in the test."""
        if self.popen.poll() is None:
            self.popen.terminate()
        self.popen.communicate(timeout=60)


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with temporary_home() as home:
        yield home


@pytest.fixture
def up(home: Path) -> Iterator[Up]:
    """One that is starting; the first test of this module makes the home, the next starts in it again."""
    up = Up(home, "--port", "0")
    yield up
    up.end()


@pytest.mark.timeout(240)
def test_it_starts_from_nothing_heals_and_is_stopped_by_a_signal(up: Up, home: Path) -> None:
    address = up.until_it_runs()
    assert urllib.request.urlopen(f"{address}/readyz").status == 200
    assert {"web", "worker", "sweep"} < {word for child in up.family() for word in words(child)}

    a_second_one_in_the_same_home_is_told_where_the_first_is(home, address)
    killing_the_broker_is_survived(up)
    killing_postgres_is_survived(up, address)
    a_killed_program_is_started_again_at_the_same_address(up, address)

    family = up.family()
    up.popen.send_signal(signal.SIGINT)
    assert up.popen.wait(timeout=60) == 0
    assert not any(is_running(child) for child in family)


def a_second_one_in_the_same_home_is_told_where_the_first_is(home: Path, address: str) -> None:
    assert f"already runs in {home} at {address}" in Up(home, "--port", "0").refusal()


def killing_the_broker_is_survived(up: Up) -> None:
    wait_until(lambda: "Connected to redis" in up.log_of_the_worker())
    before = len(up.log_of_the_worker())
    valkey = next(child for child in up.family() if any("valkey-server" in word for word in words(child)))

    valkey.kill()

    wait_until(lambda: "Connected to redis" in up.log_of_the_worker()[before:])


def killing_postgres_is_survived(up: Up, address: str) -> None:
    postgres = next(child for child in up.family() if "-D" in words(child))

    postgres.kill()

    wait_until(lambda: not is_running(postgres) and is_answered(f"{address}/readyz"))


def a_killed_program_is_started_again_at_the_same_address(up: Up, address: str) -> None:
    web = up.child("web")
    assert web

    web.kill()

    wait_until(lambda: (now := up.child("web")) is not None and now.pid != web.pid)
    assert urllib.request.urlopen(f"{address}/healthz", timeout=30).status == 200


def test_killed_with_sigkill_it_leaves_nothing_running(up: Up) -> None:
    up.until_it_runs()
    family = up.family()

    up.popen.kill()

    wait_until(lambda: not any(is_running(child) for child in family), seconds=5)


def test_a_port_in_use_is_named() -> None:
    with temporary_home() as home, socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert f"Port {port} cannot be used" in Up(home, "--port", str(port)).refusal()


@pytest.mark.parametrize("place", ["/proc/countersign", "/dev/null/countersign"])
def test_a_home_that_cannot_be_written_is_named(place: str) -> None:
    refusal = Up(Path(place), "--port", "0").refusal()

    assert f"data directory {place} cannot be written" in refusal
    assert "--home DIR" in refusal


def test_it_uses_the_services_that_the_environment_names(transactional_db: None) -> None:
    with temporary_home() as home:
        services = {"DATABASE_URL": database_url(), "BROKER_URL": os.environ["BROKER_URL"]}
        up = Up(home, "--port", "0", **services)
        try:
            up.until_it_runs()
            assert not (home / "postgres").exists()
            assert not (home / "valkey").exists()
        finally:
            up.end()


def test_a_database_that_is_not_there_is_reported() -> None:
    with temporary_home() as home:
        refusal = Up(home, "--port", "0", DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing").refusal()

    assert "manage.py migrate` failed" in refusal
    assert "logs/migrate.log says:" in refusal and "connection refused" in refusal.lower()


def database_url() -> str:
    """The database of this test run, which has its tables."""
    from django.db import connection

    return os.environ["DATABASE_URL"].replace("@/countersign?", f"@/{connection.settings_dict['NAME']}?")


def words(process: psutil.Process) -> list[str]:
    """Its command line, or nothing if it has just ended."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:  # or a zombie
        return []


def is_running(process: psutil.Process) -> bool:
    """Whether it still does something: a zombie only waits to be counted."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def is_answered(address: str) -> bool:
    try:
        return urllib.request.urlopen(address, timeout=5).status == 200
    except OSError:
        return False


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)
