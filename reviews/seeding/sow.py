"""From numbers to rows: templates are written by `journal`, then copied in sets by the database itself."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from django.db import connection, transaction

from reviews.seeding import stories
from reviews.seeding.journal import Journal, Rows
from reviews.seeding.scenery import Scenery
from reviews.seeding.statements import ALL, FILLED, SPAN_ID
from reviews.seeding.tables import store
from workspaces import audit

MAX_TEMPLATES = 1000
RUNS_AT_ONCE = 1000
CHAINED_AT_ONCE = 5000
WEIGHTS = [0, 1, 1, 1, 2, 2, 3, 4, 6]  # how unevenly requests fall on runs
type Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Numbers:
    """How much of what; runs that wait are among `runs`."""

    open: int
    decided: int
    runs: int
    days: int = 180

    @property
    def waiting(self) -> int:
        """Runs that wait: four of five requests have one to themselves."""
        return (4 * self.open + 4) // 5

    @property
    def finished(self) -> int:
        return self.runs - self.waiting


def sow(scenery: Scenery, numbers: Numbers, say: Say, *, seed: int = 4) -> None:
    """Fill the workspace."""
    chance, journal = Random(seed), Journal(scenery, Random(seed))
    asked = _shares(numbers.finished, numbers.decided, chance)
    _copies(scenery, (journal.write(stories.decided(chance, n)) for n in asked), numbers.finished, numbers, say)
    asked = _ones_and_twos(numbers.waiting, numbers.open, chance)
    _copies(scenery, (journal.write(stories.waiting(chance, n)) for n in asked), numbers.waiting, numbers, say)
    _chain(say)
    with connection.cursor() as cursor:
        for table in FILLED:
            cursor.execute(f"VACUUM (ANALYZE) {table}")


def _shares(runs: int, decided: int, chance: Random) -> list[int]:
    """How many requests each template has, so that all copies together have as many as asked for."""
    templates = min(runs, MAX_TEMPLATES)
    if not templates:
        return []
    wanted, weights = round(decided * templates / runs), [chance.choice(WEIGHTS) for _ in range(templates)]
    whole = sum(weights) or 1
    shares = [wanted * weight // whole for weight in weights]
    for number in range(wanted - sum(shares)):
        shares[number % templates] += 1
    return shares


def _ones_and_twos(runs: int, asked: int, chance: Random) -> list[int]:
    templates = min(runs, MAX_TEMPLATES)
    pairs = templates * (asked - runs) // runs if runs else 0
    shares = [2] * pairs + [1] * (templates - pairs)
    chance.shuffle(shares)
    return shares


def _copies(scenery: Scenery, templates: Iterator[Rows], runs: int, numbers: Numbers, say: Say) -> None:
    kept = list(templates)
    if not kept:
        return
    store(kept)
    began = time.monotonic()
    for first in range(0, runs, RUNS_AT_ONCE):
        last = min(first + RUNS_AT_ONCE, runs) - 1
        values = {"first": first, "last": last, "runs": runs, "days": numbers.days, "templates": len(kept)}
        _copy(values | {"workspace": scenery.workspace.pk})
        say(f"{last + 1:,} of {runs:,} runs, {time.monotonic() - began:.0f} s")


@transaction.atomic
def _copy(values: dict[str, int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(SPAN_ID)
        for statement in ALL:
            cursor.execute(statement, values)


def _chain(say: Say) -> None:
    """Link the audit here and now: behind a million entries the sweep would need a quarter of an hour."""
    linked = 0
    while done := audit.chain(CHAINED_AT_ONCE):
        linked += done
        say(f"{linked:,} audit entries linked")
