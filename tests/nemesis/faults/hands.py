"""The hands that carry out a schedule of faults, and undo each when its time is over."""

import heapq
import itertools
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import psutil

from tests.nemesis.arena import Arena
from tests.nemesis.schedule import Fault


class Hands:
    """What every kind of fault needs: a method named after the kind begins it and returns what undoes it, if anything.

    One that cannot be done now returns False.
    """

    def __init__(self, arena: Arena):
        self.arena, self.services = arena, arena.services
        self.done: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.undoing: list[tuple[float, int, Callable[[], Any]]] = []
        self.numbers = itertools.count()
        self.kills: list[tuple[float, int]] = []
        self.restarts: list[float] = []
        self.database_is_hurt = self.broker_is_hurt = False

    def do(self, fault: Fault) -> None:
        """Begin the fault; one that cannot be done now is left out."""
        undo = getattr(self, "_" + fault.kind.replace(" ", "_"))(fault)
        (self.left_out if undo is False else self.done)[fault.kind] += 1
        if callable(undo):
            self.later(fault.seconds, undo)

    def later(self, seconds: float, undo: Callable[[], Any]) -> None:
        """Have this undone after so long."""
        heapq.heappush(self.undoing, (time.monotonic() + seconds, next(self.numbers), undo))

    def tend(self, *, everything: bool = False) -> None:
        """Undo what is over, and start what ended by itself."""
        while self.undoing and (everything or self.undoing[0][0] <= time.monotonic()):
            heapq.heappop(self.undoing)[2]()
        self.services.tend(self.database_is_hurt)
        self.arena.tend()

    def some_runs(self, which: int) -> list[str]:
        """Runs that were seen to start; told by the battle."""
        return []


def signalled(processes: list[psutil.Process], number: int) -> None:
    """Those that are already gone do not matter."""
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue


def cmdline(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []
