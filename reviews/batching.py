"""Deciding alike requests together: one verb for each, one id for all, and nothing that was not looked at."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from reviews.exceptions import AlreadyDecided, Expired, Withdrawn
from reviews.models import ApprovalRequest, Decision
from reviews.models.approval import ApprovalQuerySet
from workspaces.exceptions import CountersignError, Unprocessable
from workspaces.principal import Principal

MAX_BATCH = 50
KINDS = ["approve", "reject"]
OVER = (AlreadyDecided, Expired, Withdrawn)
ALONE = {
    "high": "High risk is decided alone.",
    "seats": "What needs several people is decided alone.",
    "edited": "What somebody has edited is decided alone.",
    "kind": "Only tool calls are decided together.",
    "other": "It is not of the same kind: another tool, rule, agent version or schema.",
}


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one of them: the decision, or why there is none, as it was over; one of before is no new one."""

    approval: ApprovalRequest
    decision: Decision | None
    refusal: str = ""
    is_new: bool = False
    is_over: bool = False


def alike(first: ApprovalRequest, pending: ApprovalQuerySet) -> ApprovalQuerySet:
    """Those of `pending` that may be decided together with the first: same tool, rules, agent version and schema."""
    call, run = first.tool_call, first.run
    return pending.filter(
        subject_kind="tool_call",
        tool_call__tool=call.tool,
        tool_call__schema_digest=call.schema_digest,
        run__version=run.version_id,
        explanation__why=first.explanation.get("why"),
        risk=first.risk,
        seats=first.seats,
    )


def alone(approval: ApprovalRequest, first: ApprovalRequest) -> str:
    """Why this one cannot be decided together with the first; empty where it can."""
    if approval.subject_kind != ApprovalRequest.Subject.TOOL_CALL:
        return ALONE["kind"]
    if not approval.explanation.get("requirement", {}).get("batchable") and (grave := _grave(approval)):
        return grave
    return "" if _key(approval) == _key(first) else ALONE["other"]


def _grave(approval: ApprovalRequest) -> str:
    """Why to look at it alone, unless the rules say otherwise."""
    found = {"high": approval.risk == "high", "seats": len(approval.places) > 1, "edited": approval.revision > 1}
    return next((ALONE[name] for name, is_so in found.items() if is_so), "")


def decide_together(
    approvals: Sequence[ApprovalRequest], kind: str, *, by: Principal, digests: Mapping[UUID, bytes], reason: str = ""
) -> list[Result]:
    """Decide each, by the one verb and with the digest that was seen; one that is refused stops no other."""
    if kind not in KINDS:
        raise Unprocessable("Together one approves or rejects.")
    if not 0 < len(approvals) <= MAX_BATCH:
        raise Unprocessable(f"One to {MAX_BATCH} requests are decided together.")
    batch = uuid.uuid4()
    said = {"by": by, "reason": reason, "batch": batch}
    return [_decide(one, approvals[0], kind, digest=digests[one.pk], **said) for one in approvals]


def _decide(approval: ApprovalRequest, first: ApprovalRequest, kind: str, **said: Any) -> Result:
    has_moved = bytes(approval.digest) != said["digest"]  # of which the verb says more
    if not has_moved and (refusal := alone(approval, first)):
        return Result(approval, None, refusal)
    try:
        decision = approval.decide(kind, **said)
        return Result(approval, decision, is_new=decision.batch == said["batch"])
    except CountersignError as refused:
        return Result(approval, None, str(refused), is_over=isinstance(refused, OVER))


def _key(approval: ApprovalRequest) -> tuple[object, ...]:
    call = approval.tool_call
    why = approval.explanation.get("why")
    return call.tool, bytes(call.schema_digest or b""), approval.run.version_id, why, approval.risk, str(approval.seats)
