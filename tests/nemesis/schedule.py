"""What is done to the product, when: all of it from a seed."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

LEASE_AND_MORE = (6.0, 9.0)
# kind → (shortest, longest) duration in seconds
KINDS = {
    "kill worker": (0.2, 1.5),
    "kill sweep": (0.2, 1.5),
    "kill web": (0.2, 1.0),
    "pause worker beyond its lease": LEASE_AND_MORE,
    "pause worker with its children": LEASE_AND_MORE,
    "pause worker shortly": (0.3, 3.0),
    "pause sweep beyond its leases": LEASE_AND_MORE,
    "pause web": (0.5, 4.0),
    "stop worker by SIGTERM": (0.0, 0.5),
    "kill tool child": (0.0, 0.0),
    "kill broker": (0.5, 2.5),
    "flush broker": (0.0, 0.0),
    "pause broker": (1.0, 4.0),
    "garbage to broker": (0.0, 0.0),
    "old and doubled messages": (0.0, 0.0),
    "kill database session": (0.0, 0.0),
    "restart database immediately": (0.0, 0.0),
    "pause database": (0.5, 3.0),
    "hold a lock": (1.0, 4.0),
    "lock in the other order": (2.0, 5.0),
    "refuse some writes": (1.0, 3.0),
    "use up all connections": (1.0, 4.0),
    "fill the disk": (1.0, 4.0),
    "set a clock wrong": (5.0, 20.0),
    "forged messages": (0.0, 0.0),
}
FREQUENT = ["kill worker", "pause worker beyond its lease", "pause worker with its children"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is done: `at` seconds after the beginning, for `seconds`, to the `which`-th that fits."""

    at: float
    kind: str
    seconds: float
    which: int


def schedule(seed: int, seconds: float, every: float, kinds: Sequence[str] = ()) -> list[Fault]:
    """Faults for so long; every kind comes once before one comes again."""
    source = random.Random(seed)
    whole = list(kinds) or [*KINDS, *FREQUENT]
    found: list[Fault] = []
    at, deck = 0.5, []
    while at < seconds:
        deck = deck or source.sample(whole, len(whole))
        kind = deck.pop()
        found.append(Fault(round(at, 2), kind, round(source.uniform(*KINDS[kind]), 2), source.randrange(1000)))
        at += source.expovariate(1 / every)
    return found
