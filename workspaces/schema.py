"""What the API of this app reads and writes."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, StringConstraints

SCOPE = r"^(workspace|(agent|tool):[^\x00-\x1f\x7f]{1,200})$"


class EventOut(Schema):
    """One event; `object` names what changed, and `number` its place in a run."""

    topic: str
    kind: str
    object: UUID | None
    number: int | None
    created_at: datetime


class EventPage(Schema):
    """Events in the order of their transactions; `next` is where to go on, also when there are none yet."""

    items: list[EventOut]
    next: str


class StopIn(Schema):
    """What is to stop, and why."""

    model_config = ConfigDict(extra="forbid")

    scope: Annotated[str, StringConstraints(pattern=SCOPE)]
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


class CallInFlight(Schema):
    """A tool call that had started before the stop: it may still have its effect."""

    id: UUID
    run: UUID
    tool: str
    deadline_at: datetime | None


class SwitchOut(Schema):
    """What is stopped now."""

    state: Literal["stopped", "running"]
    stopped: bool
    stopped_agents: list[str]
    stopped_tools: list[str]
    reason: str
    in_flight: list[CallInFlight] = []
