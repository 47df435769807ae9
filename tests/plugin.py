"""Starts PostgreSQL and Valkey for one test run, before Django reads its settings; stops them after it."""

import gc
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from itertools import groupby, islice
from pathlib import Path

import pytest

from config.embedded.children import Child, Watch, stop
from config.embedded.places import Place, home_directory
from config.embedded.services import OWNER, Postgres, Valkey

STARTED = pytest.StashKey[ExitStack]()
START_SECONDS = 20
NOT_KEPT = "fsync = off\nfull_page_writes = off\n"  # nobody reads this database after a failure of the machine
LONG = {"nemesis", "crashes", "playback", "journeys", "races", "simulation", "demo", "config", "model"}


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """A wrapper runs before pytest-django's own hook, which reads the settings."""
    signal.signal(signal.SIGTERM, end_the_run)
    early_config.stash[STARTED] = stack = ExitStack()
    try:
        home = stack.enter_context(temporary_home())
        os.environ["COUNTERSIGN_HOME"] = str(home)
        os.environ.setdefault("TOOL_MODULES", "tests.ledger.tools")
        (home / "static").mkdir()
        if not hands_out_tests(early_config):
            os.environ.setdefault("LEDGER", str(home / "ledger"))  # tool processes keep the environment of their start
            stack.enter_context(services(home, measures=measures(early_config)))
        yield
    except BaseException:
        stack.close()
        raise


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Each worker begins with an equal part, and they help each other out at the end: long stories come first.

    Those of one file stay together, for they share what takes long to make.
    """
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    long = [item for item in items if LONG.intersection(item.path.parts)]
    files = [list(group) for _, group in groupby(long, key=lambda item: item.path)]
    short = iter([item for item in items if not LONG.intersection(item.path.parts)])
    share = len(items) // workers
    items.clear()
    for worker in range(workers):
        mine = [item for file in files[worker::workers] for item in file]
        items += [*mine, *islice(short, max(0, share - len(mine)))]
    items += short


def pytest_collection_finish() -> None:
    """The collector need not look at the tests themselves again and again."""
    gc.freeze()


def hands_out_tests(config: pytest.Config) -> bool:
    """Whether others run the tests (pytest-xdist): each of them has services of its own."""
    return bool(config.known_args_namespace.numprocesses) and "PYTEST_XDIST_WORKER" not in os.environ


def measures(config: pytest.Config) -> bool:
    """Whether these are benchmarks, whose commits reach the disk as they do in an installation."""
    return any(Path(name).parts[:1] == ("bench",) for name in config.known_args_namespace.file_or_dir)


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[STARTED].close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What a test printed or logged may hold lone surrogates, which no pipe between processes carries."""
    report = yield
    report.sections = [(name, text.encode(errors="backslashreplace").decode()) for name, text in report.sections]
    return report


def end_the_run(number: int, frame: object) -> None:
    """Asked to stop, pytest leaves as it always does: nothing stays behind."""
    pytest.exit("asked to stop", returncode=128 + number)


@contextmanager
def temporary_home() -> Iterator[Path]:
    """A home that the services' user can reach, and that leaves nothing behind."""
    place = Place(home_directory(Path(tempfile.mkdtemp(prefix="countersign-test-")) / "home"))
    place.home.parent.chmod(0o711)
    try:
        yield place.home
    finally:
        for directory in {place.run, place.state, place.home.parent}:
            shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def services(home: Path, *, measures: bool) -> Iterator[None]:
    """Whatever the environment does not name already; tests work as the owner, processes as the app's role."""
    place, watch, children = Place(home), Watch(), []
    if "DATABASE_URL" not in os.environ:
        postgres = Postgres(place)
        postgres.prepare()
        if not measures:
            with (postgres.directory / "postgresql.conf").open("a") as settings:
                settings.write(NOT_KEPT)
        children.append(started(postgres.child(), home, watch, postgres.is_ready))
        postgres.create_roles()
        os.environ["DATABASE_URL"] = postgres.url(OWNER)
    if "BROKER_URL" not in os.environ:
        valkey = Valkey(place)
        valkey.prepare()
        children.append(started(valkey.child(), home, watch, valkey.is_ready))
        os.environ["BROKER_URL"] = valkey.url()
    try:
        yield
    finally:
        stop(children, watch, seconds=10)
        watch.close()


def started(child: Child, home: Path, watch: Watch, is_ready: Callable[[], bool]) -> Child:
    """Start a service and wait until it answers."""
    log = home / f"{child.name}.log"
    with log.open("wb") as output:
        child.start(watch, output)
    deadline = time.monotonic() + START_SECONDS
    while not is_ready():
        if not child.is_running or time.monotonic() > deadline:
            raise pytest.UsageError(f"{child.name} did not start:\n{log.read_text()}")
        time.sleep(0.02)
    return child
