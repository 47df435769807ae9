"""What a run is at right now, of which nothing is committed yet."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from agents.models import CallStatus, Run, RunStatus, ToolCall
from agents.reading import Step


def busy_since(run: Run, steps: Sequence[Step], calls: Iterable[ToolCall], now: datetime) -> datetime | None:
    """Since when a model or a tool has been at work behind the last of the steps; None where no worker is at it.

    A worker whose lease is over is missed: whether anything is under way nobody knows.
    """
    is_held = run.status == RunStatus.RUNNING and run.lease_until is not None and run.lease_until > now
    if not (is_held and steps):
        return None
    last = steps[-1].finished_at
    return min(now, max(last, min(begun(calls), default=last)))


def begun(calls: Iterable[ToolCall]) -> list[datetime]:
    """When the calls began that are being made now."""
    return [call.started_at for call in calls if call.status == CallStatus.EXECUTING and call.started_at]
