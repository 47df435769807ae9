"""Reading a run as it was after any step: state, messages and steps, without driving the flow."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from agents import blobs
from agents.exceptions import NoSuchStep
from agents.models import Checkpoint, Run
from agents.runtime import state as states
from agents.runtime.conversation import fold, render
from agents.runtime.text import loads


@dataclass(frozen=True)
class Step:
    """One committed step for pages: times and kind; its outcome is parsed when somebody looks."""

    seq: int
    position: str
    kind: str
    failed: bool
    tokens: int
    started_at: datetime
    finished_at: datetime
    stored: str = field(repr=False)
    wrote_state: bool = False

    @cached_property
    def outcome(self) -> Any:
        """What came of it, parsed; a large one is loaded now."""
        return loads(blobs.read(self.stored))

    @property
    def seconds(self) -> float:
        return (self.finished_at - self.started_at).total_seconds()


def timeline(run: Run, *, after: int = 0, limit: int = 500) -> list[Step]:
    """Steps in commit order, from the one after `after`."""
    rows = run.journal.filter(seq__gt=after).order_by("seq")[:limit]
    return [
        Step(
            row.seq,
            row.position,
            row.kind,
            row.failed,
            row.tokens,
            row.started_at,
            row.finished_at,
            row.outcome,
            row.state is not None,
        )
        for row in rows
    ]


def state_at(run: Run, seq: int | None = None) -> Any:
    """The flow's state after step `seq` (the last by default); None where the flow declares none."""
    return _Folded(run, seq).state


def messages_at(run: Run, seq: int | None = None, *, conversation: str = "") -> list[dict[str, Any]]:
    """The conversation after step `seq` as Anthropic-shaped messages."""
    return _rendered(run, _Folded(run, seq).entries.get(conversation, []))


def tail_at(run: Run, seq: int, limit: int) -> tuple[list[dict[str, Any]], int]:
    """The last `limit` messages after step `seq`, and how many come before them: only these are read."""
    entries = _Folded(run, seq).entries.get("", [])
    kept = entries[-limit:]
    return _rendered(run, kept), len(entries) - len(kept)


def said_in(run: Run, seq: int) -> list[dict[str, Any]]:
    """What one step added to the conversation."""
    stored = run.journal.filter(seq=seq).values_list("messages", flat=True).first()
    delta = loads(blobs.read(stored)).get("", []) if stored else []
    return _rendered(run, [entry for entry in delta if entry])


class _Folded:
    """State and entries after a step: the keyframe before it, and the deltas since."""

    def __init__(self, run: Run, seq: int | None):
        self.state: Any = None
        self.entries: dict[str, list[Any]] = {}
        at = run.seq if seq is None else seq
        if not 0 <= at <= run.seq:
            raise NoSuchStep(f"This run has steps 1 to {run.seq}; there is no step {at}.")
        if run.history:
            self.entries[""] = loads(blobs.read(run.history))
        start = self._from_keyframe(run, at)
        for row in run.journal.filter(seq__gt=start, seq__lte=at).order_by("seq").only("state", "messages"):
            self._add(row)

    def _from_keyframe(self, run: Run, at: int) -> int:
        row = run.journal.filter(seq__lte=at, keyframe__isnull=False).order_by("-seq").first()
        if row is None or row.keyframe is None:
            return 0
        whole = loads(blobs.read(row.keyframe))
        self.state, self.entries = whole["state"], whole["messages"]
        return row.seq

    def _add(self, row: Checkpoint) -> None:
        if row.state:
            self.state = states.apply(self.state, loads(blobs.read(row.state)))
        for key, delta in loads(blobs.read(row.messages)).items() if row.messages else ():
            self.entries[key] = fold(self.entries.get(key, []), delta)


def _rendered(run: Run, entries: list[Any]) -> list[dict[str, Any]]:
    positions = [position for entry in entries if isinstance(entry, list) for position in entry]
    return render(entries, _outcomes(run, positions))


def _outcomes(run: Run, positions: list[str]) -> dict[str, Any]:
    rows = run.journal.filter(position__in=positions).values_list("position", "outcome")
    return {position: loads(blobs.read(outcome)) for position, outcome in rows}
