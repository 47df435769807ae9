"""What the API of this app reads and writes."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field, StringConstraints

from agents.models import RunStatus

Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
NO_NUL = r"^[^\x00]*$"  # PostgreSQL cannot even compare with it
Label = Annotated[str, StringConstraints(max_length=200)]


class Strict(Schema):
    """A body that may hold nothing but what is named."""

    model_config = ConfigDict(extra="forbid")


class RunIn(Strict):
    """What to start: an agent's name and its input, text or any JSON.

    In a thread the run begins with the thread's messages; `on_busy`: what happens while another run of it is active.
    """

    agent: Name
    input: Any
    labels: Annotated[dict[Name, Label], Field(max_length=20)] = {}
    thread: UUID | None = None
    on_busy: Literal["enqueue", "reject", "interrupt", "rollback"] = "enqueue"


class RunFilter(Schema):
    """Which runs are listed."""

    status: RunStatus | None = None
    agent: Annotated[str, StringConstraints(max_length=100, pattern=NO_NUL)] | None = None
    parent: UUID | None = None
    thread: UUID | None = None
    forked_from: UUID | None = None


class ThreadIn(Strict):
    """What to call the thread."""

    title: Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)] = ""


class ThreadOut(Schema):
    """A thread; its runs are listed by `GET /runs?thread=`."""

    id: UUID
    title: str
    created_at: datetime


class ThreadPage(Schema):
    """Newest first; `next` is the cursor of the next page, or null."""

    items: list[ThreadOut]
    next: str | None


class ScheduleChange(Strict):
    """What is to change; what is left out stays."""

    input: Any = None
    labels: Annotated[dict[Name, Label], Field(max_length=20)] = {}
    cron: Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)] = ""
    time_zone: Annotated[str, StringConstraints(max_length=100, pattern=NO_NUL)] = "UTC"
    paused: bool = False


class ScheduleIn(ScheduleChange):
    """Which agent is to be started, with what, and when: five fields of cron by the clocks of a time zone."""

    agent: Name
    input: Any
    cron: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL)]


class ScheduleOut(Schema):
    """A schedule; `problem` says why the last run was not started."""

    id: UUID
    agent: str
    input: Any
    labels: dict[str, Any]
    cron: str
    time_zone: str
    paused: bool
    next_at: datetime
    problem: str
    owner: str
    last_run: UUID | None
    last_at: datetime | None
    created_at: datetime


class SchedulePage(Schema):
    """Newest first; `next` is the cursor of the next page, or null."""

    items: list[ScheduleOut]
    next: str | None


class MessageIn(Strict):
    """A user message: text, or content blocks."""

    content: str | list[dict[str, Any]]


class ReasonIn(Strict):
    """Why the run is to end, or to pause."""

    reason: Annotated[str, StringConstraints(max_length=1000)] = ""


class RunOut(Schema):
    """A run. Costs are millionths of a US dollar; `seq` counts its committed steps.

    `awaiting` is empty but for a run that waits for its turn in its thread; a fork goes its own way from the step
    `forked_seq`, and `fork_mode` says what becomes of its calls. `unread_messages` no step has taken.
    """

    id: UUID
    agent: str
    version: int
    status: str
    title: str
    input: Any
    labels: dict[str, Any]
    seq: int
    tokens: int
    cost: int
    result: Any
    error: dict[str, Any] | None
    ended_by: str
    unread_messages: int
    started_by: str | None
    parent: UUID | None
    root: UUID | None
    thread: UUID | None
    awaiting: str
    forked_from: UUID | None
    forked_seq: int | None
    fork_mode: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cancel_requested_at: datetime | None
    pause_requested_at: datetime | None


class CallInFlight(Schema):
    """A tool call that had started before the pause."""

    id: UUID
    run: UUID
    tool: str
    deadline_at: datetime | None


class PausedOut(RunOut):
    """The run, and the calls of it and its children that are still under way."""

    in_flight: list[CallInFlight]


class RunPage(Schema):
    """Newest first; `next` is the cursor of the next page, or null."""

    items: list[RunOut]
    next: str | None


class MessageOut(Schema):
    """A message in a run's inbox; `taken_seq` is the step that received it, null where a run ended before it did."""

    id: int
    content: Any
    taken_seq: int | None
    created_at: datetime


class MessagePage(Schema):
    """The inbox of a run, oldest first."""

    items: list[MessageOut]
    next: None = None


class CheckpointOut(Schema):
    """One committed step: where in the flow, what kind, and what came of it."""

    seq: int
    position: str
    kind: str
    failed: bool
    tokens: int
    outcome: Any
    started_at: datetime
    finished_at: datetime


class CheckpointPage(Schema):
    """In the order of commit; `next` is the cursor of the next page, or null."""

    items: list[CheckpointOut]
    next: str | None


class StateOut(Schema):
    """State and messages after a step."""

    seq: int
    state: Any
    messages: list[dict[str, Any]]


class SpanOut(Schema):
    """One span of the run's trace; ids in hexadecimal."""

    span_id: str
    parent_id: str | None
    kind: str
    name: str
    status: int
    tokens: int
    started_at: datetime
    finished_at: datetime | None


class ToolCallOut(Schema):
    """A proposed tool call; `digest` is the SHA-256 of tool name and canonical arguments that a decision must name."""

    id: UUID
    run: UUID
    position: str
    tool: str
    title: str
    effect: str
    reaches: str
    status: str
    why: str
    arguments: Any
    digest: str
    attempt: int
    seq: int | None
    report: Any
    deadline_at: datetime | None
    created_at: datetime
    finished_at: datetime | None


class ToolCallPage(Schema):
    """Newest first; `next` is the cursor of the next page, or null."""

    items: list[ToolCallOut]
    next: str | None


class AgentOut(Schema):
    """An agent and the version that new runs use."""

    name: str
    description: str
    version: int | None
    flow: str | None
    tools: list[str]


class AgentList(Schema):
    """All agents of the workspace."""

    items: list[AgentOut]
    next: None = None


class VerificationOut(Schema):
    """Whether the journal agrees with the flow's code; where not, what was recorded and what is asked for now."""

    agrees: bool
    steps: int
    recorded: str | None = None
    asked: list[str] = []


class ResolutionIn(Strict):
    """What became of a call in doubt: it happened (with its result), it did not, or it is to be tried again."""

    kind: Literal["happened", "did_not_happen", "retry"]
    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    result: Any = None
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
