"""One workspace with much to do holds its share of a worker; what it has beyond waits there, and others come in."""

import threading
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from agents.runtime import places as module
from agents.runtime.leaving import Leaving
from agents.runtime.places import Places

SECONDS = 10


class Worker:
    """Threads that hold the runs which they are given until they are told to go on."""

    def __init__(self, size: int):
        self.owners: dict[UUID, int] = {}
        self.asked = 0
        self.places = Places(size, self._workspaces_of)
        self.begun: list[UUID] = []
        self.may_go: dict[UUID, threading.Event] = {}
        self.threads: list[threading.Thread] = []

    def _workspaces_of(self, runs: set[UUID]) -> dict[UUID, int]:
        self.asked += 1
        return {run: self.owners[run] for run in runs if run in self.owners}

    def is_rung(self, workspace_id: int | None) -> UUID:
        """A message for a new run, or for one that is not there; returns when it is held or put aside."""
        run = uuid4()
        self.may_go[run] = threading.Event()
        if workspace_id:
            self.owners[run] = workspace_id
        seen = threading.Event()
        thread = threading.Thread(target=self._advance, args=[run, seen], daemon=True)
        thread.start()
        assert seen.wait(SECONDS)
        self.threads.append(thread)
        return run

    def _advance(self, run: UUID, seen: threading.Event) -> None:
        for one in self.places.runs(run):
            self.begun.append(one)
            seen.set()
            assert self.may_go[one].wait(SECONDS)
        seen.set()

    def finish(self) -> None:
        for event in self.may_go.values():
            event.set()
        for thread in self.threads:
            thread.join(SECONDS)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    monkeypatch.setattr(module, "leaving", Leaving())
    worker = Worker(10)
    yield worker
    worker.finish()


def test_much_work_of_one_workspace_leaves_places_for_others(worker: Worker) -> None:
    for _ in range(5):
        worker.is_rung(1)
    assert worker.asked == 0  # nobody asks whose they are while there is room

    many = [worker.is_rung(1) for _ in range(20)]
    assert len(worker.begun) == 8
    other = worker.is_rung(2)
    assert worker.begun[-1] == other

    worker.finish()
    assert set(worker.begun) == set(worker.owners) and worker.begun.index(other) == 8
    assert worker.begun[9:] == many[3:]  # each when another of its workspace was done, in the order of their messages


def test_a_worker_that_is_asked_to_leave_begins_none_of_those_that_wait(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(12):
        worker.is_rung(1)
    module.leaving.ask()
    worker.finish()

    assert len(worker.begun) == 8


def test_runs_of_which_nothing_is_known_come_in(worker: Worker) -> None:
    for _ in range(5):
        worker.is_rung(1)

    assert [worker.is_rung(None) for _ in range(5)] == worker.begun[5:]
