"""What people set beside a request and what ends by itself (claims, snoozes, handovers): how others hear of it."""

from django.db.models import QuerySet

from reviews.models import ApprovalRequest, Claim, Handover, Snooze
from workspaces import audit, events
from workspaces.principal import Principal

AT_ONCE = 100


def tell(approval: ApprovalRequest, by: Principal, what: str, detail: dict[str, str]) -> None:
    """Put into the audit what somebody did beside a decision, and let open pages know."""
    audit.record(approval.workspace_id, by, f"approval.{what}", approval.pk, detail)
    events.record(approval.workspace_id, "approval", f"approval.{what}", approval.pk)


def forget[Beside: (Claim, Snooze, Handover)](over: "QuerySet[Beside]", what: str) -> None:
    """Delete some of those that are over, and let open pages of pending requests know; others may do so beside us."""
    for one in over.select_for_update(skip_locked=True, of=("self",)).select_related("approval")[:AT_ONCE]:
        approval = one.approval
        one.delete()
        if approval.is_pending:
            events.record(approval.workspace_id, "approval", f"approval.{what}", approval.pk)
