"""Taking a decision back before it takes effect."""

from django.db import transaction

from reviews.exceptions import NoSuchDecision, NotEligible, TooLateToUndo
from reviews.locking import Locked
from reviews.models import ApprovalRequest, Decision
from workspaces import audit, events
from workspaces.exceptions import NotFound
from workspaces.principal import Principal

UNDONE_BY = {"pending": "approve", "approved": "approve", "rejected": "reject", "answered": "respond"}


@transaction.atomic
def undo(approval: ApprovalRequest, n: int, by: Principal) -> Decision:
    """See `ApprovalRequest.undo`. A vote that was not the last one can be taken back as long as nothing is decided."""
    if by.workspace.pk != approval.workspace_id:
        raise NotFound
    locked = Locked.take(approval)
    decision = locked.approval.decisions.select_related("person").filter(n=n).first()
    _check(decision, by)
    assert decision
    if decision.undone_at is None:
        _take_back(locked, decision, by)
    return decision


def _check(decision: Decision | None, by: Principal) -> None:
    if decision is None:
        raise NoSuchDecision
    if by.is_service or decision.person_id != by.person.pk:
        raise NotEligible(f"Only {decision.person} can take this back.")


def _take_back(locked: Locked, decision: Decision, by: Principal) -> None:
    approval = locked.approval
    if decision.kind != UNDONE_BY.get(approval.status) or decision.revision != approval.revision:
        raise TooLateToUndo(f"There is nothing to take back here: this is {approval.status}.")
    if not approval.is_pending:
        _reopen(locked)
    decision.undone_at = locked.now
    decision.save(update_fields=["undone_at"])
    audit.record(approval.workspace_id, by, "approval.undo", approval.pk, {"n": decision.n, "kind": decision.kind})
    events.record(approval.workspace_id, "approval", "approval.undone", approval.pk, decision.n)


def _reopen(locked: Locked) -> None:
    """Back to pending, if the call has not moved yet: a worker's start holds the run's row as we do."""
    call = locked.call
    if call.status != "waiting" or not call.decided or call.effective_at is None or call.effective_at <= locked.now:
        raise TooLateToUndo("This has taken effect already.")
    locked.move_call(decided="", effective_at=None, valid_until=None, outcome=None)
    locked.move_approval(status="pending", decided_at=None, effective_at=None)
