"""Reading a run's journal as it is driven again: its own rows, and before them those of the runs it was forked from."""

from typing import Any
from uuid import UUID

from agents import blobs
from agents.models.line import Line
from agents.runtime import database, statements
from agents.runtime.effects import Outcome
from agents.runtime.row import Row

LAST = 2**31 - 1


def load_rows(run_id: UUID, line: Line | None = None, *, with_deltas: bool = False) -> list[Row]:
    """The journal in the order of commit."""
    if line is None:
        return [_row(found, run_id, with_deltas) for found in database.rows(statements.ROWS, run=run_id)]
    parts = [(part.run_id, part.first, part.last) for part in line.parts]
    return _of_parts([*parts, (run_id, line.seq, LAST)], run_id, with_deltas)


def first_row(run_id: UUID, line: Line) -> Row:
    """What a fork that has not begun is handed first: the outcome of its ancestor, or the one put in its place."""
    (row,) = _of_parts([(line.holder, line.seq, line.seq)], run_id)
    for edit in line.edits_at(line.seq):
        if (said := edit.get("outcome")) is not None:
            row.outcome = Outcome.of(said["value"], failed=said["failed"])
    return row


def _of_parts(parts: list[tuple[UUID, int, int]], run_id: UUID, with_deltas: bool = False) -> list[Row]:
    runs, firsts, lasts = (list(column) for column in zip(*parts, strict=True))
    found = database.rows(statements.ROWS_OF_LINE, runs=runs, firsts=firsts, lasts=lasts)
    return [_row(one, run_id, with_deltas) for one in found]


def _row(found: dict[str, Any], run_id: UUID, with_deltas: bool) -> Row:
    return Row(
        found["position"],
        found["kind"],
        bytes(found["request"]),
        Outcome(found["outcome"], found["failed"]),
        seq=found["seq"],
        state=found["state"] and blobs.read(found["state"]) if with_deltas else None,
        messages=found["messages"] and blobs.read(found["messages"]) if with_deltas else None,
        is_inherited=found["run_id"] != run_id,
    )
