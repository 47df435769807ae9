"""Taking a decision back before it takes effect."""

import pytest
from django.db.models import F
from django.db.models.functions import Now

from agents.models import Run, ToolCall
from reviews.exceptions import NoSuchDecision, NotEligible, TooLateToUndo
from reviews.models import ApprovalRequest
from tests.factories import House, make_approval, make_policy
from workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def approval(house: House) -> ApprovalRequest:
    seats = [{"count": 1, "group": "finance"}, {"count": 1, "group": None}]
    make_policy(house.workspace, {"name": "slow", "effect": "ask", "undo_seconds": 60, "seats": seats})
    return make_approval(house)


def approve(approval: ApprovalRequest, house: House, name: str) -> int:
    return approval.decide("approve", by=house.by(name), digest=bytes(approval.digest)).n


def call_of(approval: ApprovalRequest) -> ToolCall:
    return ToolCall.objects.get(pk=approval.tool_call_id)


def test_until_it_takes_effect_the_call_waits_with_the_decision(house: House, approval: ApprovalRequest) -> None:
    approve(approval, house, "ana")
    approve(approval, house, "cleo")
    call, run = call_of(approval), Run.objects.get()
    assert (approval.status, call.status, call.decided) == ("approved", "waiting", "ready")
    assert approval.effective_at and approval.decided_at
    assert (approval.effective_at - approval.decided_at).total_seconds() == 60
    assert (run.status, run.due, run.woken) == ("waiting", approval.effective_at, True)


def test_the_run_is_looked_at_at_the_earlier_time(house: House, approval: ApprovalRequest) -> None:
    Run.objects.update(due=Now())
    due = Run.objects.get().due
    approval.decide("reject", by=house.by("ana"), digest=bytes(approval.digest), reason="No.")
    assert Run.objects.get().due == due


def test_a_decision_is_taken_back(house: House, approval: ApprovalRequest) -> None:
    approve(approval, house, "ana")
    n = approve(approval, house, "cleo")
    undone = approval.undo(n, house.by("cleo"))
    call = call_of(approval)
    assert (approval.status, approval.effective_at, undone.undone_at is not None) == ("pending", None, True)
    assert (call.status, call.decided, call.effective_at, call.outcome) == ("waiting", "", None, None)
    assert AuditEntry.objects.filter(kind="approval.undo").count() == 1
    assert approval.undo(n, house.by("cleo")) == undone
    approve(approval, house, "ben")
    assert (approval.status, approval.votes().count()) == ("approved", 2)


def test_whoever_took_a_vote_back_may_vote_again(house: House, approval: ApprovalRequest) -> None:
    n = approve(approval, house, "ana")
    approval.undo(n, house.by("ana"))
    assert approve(approval, house, "ana") == n + 1
    assert approval.votes().count() == 1


def test_a_refusal_is_taken_back(house: House, approval: ApprovalRequest) -> None:
    first = approve(approval, house, "ana")
    n = approval.decide("reject", by=house.by("ben"), digest=bytes(approval.digest), reason="No.").n
    assert call_of(approval).outcome
    with pytest.raises(TooLateToUndo, match="rejected"):
        approval.undo(first, house.by("ana"))
    approval.undo(n, house.by("ben"))
    assert (approval.status, call_of(approval).outcome, approval.votes().count()) == ("pending", None, 1)


def test_only_whoever_decided_takes_it_back(house: House, approval: ApprovalRequest) -> None:
    n = approve(approval, house, "ana")
    with pytest.raises(NotEligible, match="Ana"):
        approval.undo(n, house.by("ben"))
    with pytest.raises(NoSuchDecision):
        approval.undo(99, house.by("ana"))


def test_once_it_has_taken_effect_it_stays(house: House, approval: ApprovalRequest) -> None:
    approve(approval, house, "ana")
    n = approve(approval, house, "cleo")
    ToolCall.objects.update(effective_at=F("created_at"))
    with pytest.raises(TooLateToUndo, match="taken effect"):
        approval.undo(n, house.by("cleo"))


def test_a_call_that_has_started_is_not_taken_back(house: House, approval: ApprovalRequest) -> None:
    approve(approval, house, "ana")
    n = approve(approval, house, "cleo")
    ToolCall.objects.update(status="executing", decided="")
    with pytest.raises(TooLateToUndo):
        approval.undo(n, house.by("cleo"))


def test_an_edit_is_not_taken_back(house: House, approval: ApprovalRequest) -> None:
    edit = approval.decide(
        "edit", by=house.by("ana"), digest=bytes(approval.digest), args={"amount": 1, "order": "A-1"}
    )
    with pytest.raises(TooLateToUndo, match="nothing to take back"):
        approval.undo(edit.n, house.by("ana"))
