"""What the API of this app reads and writes."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, StringConstraints

Kind = Literal["approve", "edit", "reject", "respond", "happened", "did_not_happen", "retry"]
Status = Literal["pending", "approved", "rejected", "answered", "expired", "withdrawn"]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Words = Annotated[str, StringConstraints(max_length=20_000)]


class DecisionIn(Schema):
    """A decision; `digest` is the one of the arguments that were seen."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    digest: Digest
    args: dict[str, Any] | None = None
    text: Words | None = None
    reason: Words | None = None
    result: Any = None
    then: Literal["retry", "stop"] | None = None
    credential_is_meant: bool = False


class DecisionOut(Schema):
    """A decision as it was made."""

    n: int
    kind: Kind
    person: str
    channel: str
    revision: int
    digest: str
    seat: int | None
    reason: str
    text: str
    then: str
    batch: UUID | None
    created_at: datetime
    undone_at: datetime | None


class CommentIn(Schema):
    """What somebody has to say to the others."""

    model_config = ConfigDict(extra="forbid")

    text: Words


class CommentOut(Schema):
    """A comment."""

    person: str
    text: str
    created_at: datetime


class Comments(Schema):
    """All comments on an approval, the oldest first."""

    items: list[CommentOut]


class ClaimIn(Schema):
    """To take over is to claim what somebody else has claimed."""

    model_config = ConfigDict(extra="forbid")

    take_over: bool = False


class ClaimOut(Schema):
    """Who looks after an approval, and until when unless it is renewed."""

    person: str
    taken_at: datetime
    lapses_at: datetime


class PlaceOut(Schema):
    """One seat: the review group that it asks for (null: any approver), and who fills it."""

    group: str | None
    person: str | None


class ApprovalItem(Schema):
    """An approval request, as lists show it."""

    id: UUID
    run: UUID
    tool_call: UUID
    subject_kind: Literal["tool_call", "question", "in_doubt", "budget"]
    status: Status
    title: str
    risk: str
    revision: int
    digest: str
    channels: list[str]
    deadline_at: datetime
    created_at: datetime
    decided_at: datetime | None
    effective_at: datetime | None


class ApprovalOut(ApprovalItem):
    """All of it: the call and its arguments, who has to agree, what was decided, and why it is asked at all.

    `root` is the run that the asking one is a part of, where it is a child.
    """

    root: UUID | None
    tool: str
    arguments: dict[str, Any]
    facts: dict[str, Any]
    why: str
    report: dict[str, Any] | None
    seats: list[PlaceOut]
    edit_allowed: bool
    undo_seconds: int
    on_expiry: str
    kinds: list[Kind]
    decisions: list[DecisionOut]
    explanation: dict[str, Any]


class ApprovalPage(Schema):
    """Some approvals; `next` is the cursor of those that follow."""

    items: list[ApprovalItem]
    next: str | None


class DecidedOut(Schema):
    """A decision, and the approval after it: an edit's new revision and digest stand there."""

    decision: DecisionOut
    approval: ApprovalItem
