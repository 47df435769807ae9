"""Few compute at a time, workspaces by turns, and whoever would wait too long goes on all the same."""

import threading

from agents.runtime.fairness import RoundRobin
from tests.agents.tools.waiting import eventually

SECONDS = 10


def waiting(robin: RoundRobin) -> int:
    return sum(map(len, robin._waiting.values()))


class Crowd:
    """Threads that each take one turn, and the workspaces in the order in which they had theirs."""

    def __init__(self, robin: RoundRobin):
        self.robin, self.order, self.threads = robin, list[int](), list[threading.Thread]()

    def joins(self, workspace_id: int) -> None:
        """Another one, once it waits."""
        thread = threading.Thread(target=self._takes, args=[workspace_id], daemon=True)
        thread.start()
        self.threads.append(thread)
        eventually(lambda: waiting(self.robin) == len(self.threads))

    def _takes(self, workspace_id: int) -> None:
        with self.robin.turn(workspace_id):
            self.order.append(workspace_id)

    def is_over(self) -> None:
        for thread in self.threads:
            thread.join(SECONDS)


def test_workspaces_have_turns_however_many_wait_for_each() -> None:
    told: list[str] = []
    robin = RoundRobin(1, before_waiting=lambda: told.append("waits"), patience=SECONDS)
    crowd = Crowd(robin)
    with robin.turn(1):
        for workspace_id in (1, 1, 1, 2, 3):
            crowd.joins(workspace_id)
        assert crowd.order == []
    crowd.is_over()

    assert crowd.order == [1, 2, 3, 1, 1] and len(told) == 5
    with robin.turn(1):
        assert len(told) == 5 and waiting(robin) == 0


def test_others_compute_while_one_waits_for_something_slow() -> None:
    robin = RoundRobin(1, patience=SECONDS)
    crowd = Crowd(robin)
    with robin.turn(1):
        crowd.joins(2)
        with robin.paused():
            crowd.is_over()
        assert crowd.order == [2]
        crowd.threads.clear()
        crowd.joins(2)
        assert crowd.order == [2]
    crowd.is_over()
    with robin.paused():  # of a thread without a turn, such as one of the web process
        assert crowd.order == [2, 2]


def test_a_commit_lends_its_place_unless_workspaces_share_the_worker() -> None:
    robin = RoundRobin(1, patience=SECONDS)
    crowd = Crowd(robin)
    with robin.turn(1):
        crowd.joins(1)
        with robin.lent():
            crowd.is_over()
        assert crowd.order == [1]
    crowd.threads.clear()
    with robin.turn(2):
        pass
    with robin.turn(1):
        crowd.joins(1)
        with robin.lent():
            assert waiting(robin) == 1
    crowd.is_over()
    assert crowd.order == [1, 1]


def test_while_workspaces_share_a_worker_one_that_has_no_place_finds_one_free() -> None:
    robin = RoundRobin(2, patience=SECONDS)
    with robin.turn(2):
        pass
    mine, others = Crowd(robin), Crowd(robin)
    with robin.turn(1):
        mine.joins(1)
        thread = threading.Thread(target=others._takes, args=[2])
        thread.start()
        thread.join(SECONDS)
        assert others.order == [2] and mine.order == []
    mine.is_over()
    assert mine.order == [1]


def test_who_computes_without_end_keeps_nobody_waiting_for_long() -> None:
    robin = RoundRobin(1, patience=0.01)
    with robin.turn(1):
        crowd = Crowd(robin)
        thread = threading.Thread(target=crowd._takes, args=[2])
        thread.start()
        thread.join(SECONDS)
        assert crowd.order == [2] and waiting(robin) == 0

    robin._patience = SECONDS
    with robin.turn(1):
        crowd = Crowd(robin)
        crowd.joins(2)  # it waits: going on without a place has left no second one behind
    crowd.is_over()
