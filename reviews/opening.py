"""Putting a call before people, and taking back what there is nothing left to decide about."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now

from agents.models import CallStatus, ToolCall
from agents.tools.question import QUESTION
from agents.tools.raise_budget import RAISE_BUDGET
from reviews.models import ApprovalRequest, Revision
from reviews.people import excluded_from
from reviews.policy.values import Requirement
from reviews.suspicion import raised
from workspaces import audit, events

Subject = ApprovalRequest.Subject
FIXED: dict[Subject, dict[str, Any]] = {
    Subject.IN_DOUBT: {"risk": "high", "on_expiry": "keep_waiting", "edit_allowed": False, "undo_seconds": 0},
    Subject.BUDGET: {"edit_allowed": False, "undo_seconds": 0},
}


def open_for(call_ids: Collection[UUID]) -> None:
    """Ask people about calls that have begun to wait or are in doubt; what they approved before is void."""
    calls = list(ToolCall.objects.filter(pk__in=call_ids))
    waiting = [call.pk for call in calls if call.status == CallStatus.WAITING]
    void = Q(status="pending") | Q(status="approved", tool_call__in=waiting)
    void_now = ApprovalRequest.objects.filter(void, tool_call__in=call_ids)
    _withdraw(void_now, "Rules, tool or approvers have changed since: it is asked for again.")
    for call in calls:
        put(call)


def put(call: ToolCall, **changes: Any) -> ApprovalRequest:
    """Open one approval for the call as it is now, on the terms of its verdict and `changes` to them."""
    requirement = requirement_of(call)
    subject = _subject(call)
    approval = ApprovalRequest(
        workspace_id=call.workspace_id,
        run_id=call.run_id,
        tool_call=call,
        subject_kind=subject,
        title=call.title,
        digest=call.digest,
        excluded=excluded_from(call.run_id),
        deadline_at=Now() + timedelta(seconds=requirement.deadline_seconds),
        explanation=call.verdict,
        policy_revisions=considered(call.verdict),
        requirement_digest=bytes.fromhex(call.verdict.get("requirement_digest", "")),
    )
    terms = ApprovalRequest.demanded_by(requirement) | raised(call.verdict) | FIXED.get(subject, {}) | changes
    for column, value in terms.items():
        setattr(approval, column, value)
    approval.save(force_insert=True)
    Revision.objects.create(approval=approval, number=1, args=call.args, digest=call.digest)
    events.record(call.workspace_id, "approval", "approval.requested", approval.pk)
    return approval


def withdraw(call_ids: Collection[UUID]) -> None:
    """These calls are over: nobody needs to decide about them any longer."""
    _withdraw(
        ApprovalRequest.objects.pending().filter(tool_call__in=call_ids), "The run has ended, or goes on without it."
    )


def requirement_of(call: ToolCall) -> Requirement:
    """What the verdict on the call demands; where no verdict was kept, what is asked by default."""
    stored = call.verdict.get("requirement")
    return Requirement.read(stored) if stored else Requirement()


def considered(explanation: dict[str, Any]) -> list[int]:
    """The policy revisions whose rules were considered."""
    return sorted({rule["revision_id"] for rule in explanation.get("rules", []) if rule["revision_id"]})


def _subject(call: ToolCall) -> Subject:
    if call.status == CallStatus.IN_DOUBT:
        return Subject.IN_DOUBT
    return {QUESTION.name: Subject.QUESTION, RAISE_BUDGET.name: Subject.BUDGET}.get(call.tool, Subject.TOOL_CALL)


def _withdraw(approvals: Any, reason: str) -> None:
    for approval in approvals.select_for_update():
        ApprovalRequest.objects.filter(pk=approval.pk).update(
            status="withdrawn", decided_at=approval.decided_at or Now(), effective_at=None
        )
        audit.record(approval.workspace_id, None, "approval.withdrawn", approval.pk, {"reason": reason})
        events.record(approval.workspace_id, "approval", "approval.withdrawn", approval.pk)
