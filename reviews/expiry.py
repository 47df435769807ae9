"""What happens when nobody decided in time."""

from typing import Any
from uuid import UUID

from django.db import transaction

from agents.models import Run
from reviews.locking import Locked
from reviews.models import ApprovalRequest
from workspaces import audit, events

AT_ONCE = 100


def expire() -> None:
    """End what nobody decided in time; a duty of the sweep, safe in several processes."""
    due = ApprovalRequest.objects.overdue().order_by("deadline_at").values_list("pk", "run_id")[:AT_ONCE]
    for approval_id, run_id in list(due):
        expire_if_overdue(approval_id, run_id)


@transaction.atomic
def expire_if_overdue(approval_id: UUID, run_id: UUID) -> None:
    """Expire one approval, unless it was decided since it was found.

    The run's row is the first that everybody locks: if somebody holds it, the next round looks again.
    """
    if not Run.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=run_id).exists():
        return
    approval = ApprovalRequest.objects.overdue().filter(pk=approval_id).first()
    if approval is None:
        return
    locked = Locked.take(approval)
    call_status, outcome = _outcome(approval)
    locked.settle("expired", call_status, outcome)
    if approval.on_expiry == "stop_run":
        locked.run.cancel(reason="An approval expired, and its rule stops the run then.")
    audit.record(approval.workspace_id, None, "approval.expired", approval.pk, {"on_expiry": approval.on_expiry})
    events.record(approval.workspace_id, "approval", "approval.expired", approval.pk)


def _outcome(approval: ApprovalRequest) -> tuple[str, dict[str, Any]]:
    """What the agent is told: the rule's text, or that nobody decided. Expired is never called rejected."""
    if approval.on_expiry == "respond":
        note = "Nobody decided in time; this is the answer that the rules give then."
        return "answered", {"status": "answered", "value": approval.on_expiry_text, "note": note}
    message = "Nobody decided about this call in time, so it was not made."
    return "expired", {"status": "expired", "error": {"type": "expired", "message": message, "retryable": False}}
