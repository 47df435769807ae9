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
    if line is None and not with_deltas:
        return [_row(*found) for found in database.tuples(statements.ROWS, run=run_id)]
    parts = [(part.run_id, part.first, part.last) for part in line.parts] if line else []
    return _of_parts([*parts, (run_id, line.seq if line else 1, LAST)], run_id, with_deltas)


def first_row(run_id: UUID, line: Line) -> Row:
    """What a fork that has not begun is handed first: the outcome of its ancestor, or the one put in its place."""
    (row,) = _of_parts([(line.holder, line.seq, line.seq)], run_id)
    for edit in line.edits_at(line.seq):
        if (said := edit.get("outcome")) is not None:
            row.outcome = Outcome.of(said["value"], failed=said["failed"])
    return row


def _of_parts(parts: list[tuple[UUID, int, int]], run_id: UUID, with_deltas: bool = False) -> list[Row]:
    runs, firsts, lasts = (list(column) for column in zip(*parts, strict=True))
    found = database.tuples(statements.ROWS_OF_LINE, run=run_id, runs=runs, firsts=firsts, lasts=lasts)
    rows = [_row(*step, is_inherited=is_inherited) for *step, is_inherited, _, _ in found]
    for row, (*_, state, messages) in zip(rows, found if with_deltas else (), strict=False):
        row.state, row.messages = state and blobs.read(state), messages and blobs.read(messages)
    return rows


def _row(position: str, kind: str, request: bytes, seq: int, *outcome: Any, is_inherited: bool = False) -> Row:
    return Row(position, kind, request, Outcome(*outcome), seq=seq, is_inherited=is_inherited)
