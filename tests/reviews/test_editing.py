"""A reviewer changes the arguments."""

from typing import Any

import pytest

from agents.tools.exceptions import ArgumentsRefused
from reviews.exceptions import (
    Changed,
    EditDenied,
    KindRefused,
)
from reviews.models import ApprovalRequest
from tests.factories import House, make_approval, make_policy
from tests.reviews.stories import TWO_SEATS, call_of, decide

pytestmark = pytest.mark.django_db


def test_an_edit_is_a_new_revision_that_is_put_to_the_vote(house: House, approval: ApprovalRequest) -> None:
    old = bytes(approval.digest)
    decision = decide(approval, "edit", house.by("ben"), args={"order": "A-1", "amount": 40})
    call = call_of(approval)
    assert (approval.status, approval.revision, call.status) == ("pending", 2, "waiting")
    assert bytes(call.args) == b'{"amount":40,"order":"A-1"}' == bytes(decision.args_after or b"")
    assert bytes(call.proposed_args or b"") == b'{"amount":80,"order":"A-1"}'
    assert bytes(call.digest) == bytes(approval.digest) != old
    assert "40" in approval.title and approval.title == call.title
    with pytest.raises(Changed):
        approval.decide("approve", by=house.by("ana"), digest=old)
    decide(approval, "approve", house.by("ben"))
    assert approval.status == "approved"
    numbers = approval.revisions.values_list("number", "edited_by__username")
    assert list(numbers) == [(1, None), (2, "ben")]


def test_votes_on_the_original_do_not_count_for_the_edit(house: House) -> None:
    make_policy(house.workspace, TWO_SEATS)
    approval = make_approval(house)
    seen = bytes(approval.digest)
    decide(approval, "approve", house.by("ana"))
    decide(approval, "edit", house.by("cleo"), args={"order": "A-1", "amount": 70})
    with pytest.raises(Changed):
        approval.decide("approve", by=house.by("ana"), digest=seen)
    decide(approval, "approve", house.by("cleo"))
    assert approval.status == "pending"
    decide(approval, "approve", house.by("ana"))
    assert approval.status == "approved"


@pytest.mark.parametrize(
    ("args", "path"),
    [({"amount": "much", "order": "A-1"}, "/amount"), ({"amount": 1, "order": "A-1", "to": "x"}, ""), ({}, "")],
)
def test_an_edit_that_does_not_fit_the_tool_leaves_the_original(
    house: House, approval: ApprovalRequest, args: dict[str, Any], path: str
) -> None:
    with pytest.raises(ArgumentsRefused) as refused:
        decide(approval, "edit", house.by("ana"), args=args)
    assert path in [error["path"] for error in refused.value.errors]
    approval.refresh_from_db()
    assert (approval.revision, bytes(call_of(approval).args)) == (1, b'{"amount":80,"order":"A-1"}')


def test_an_edit_into_what_the_rules_forbid_is_refused(house: House) -> None:
    make_policy(
        house.workspace, {"name": "never", "effect": "deny", "tool": "refund", "condition": "args.amount > 100"}
    )
    approval = make_approval(house)
    with pytest.raises(EditDenied, match="“never” forbids"):
        decide(approval, "edit", house.by("ana"), args={"order": "A-1", "amount": 101})


def test_an_edit_is_asked_of_the_people_whom_the_rules_name_for_it(house: House) -> None:
    over = {"name": "over", "effect": "ask", "tool": "refund", "condition": "args.amount > 100", "risk": "high"}
    make_policy(house.workspace, {**over, "seats": [{"count": 1, "group": "finance"}, {"count": 1, "group": None}]})
    approval = make_approval(house)
    assert len(approval.places) == 1
    decide(approval, "edit", house.by("cleo"), args={"order": "A-1", "amount": 500})
    assert (approval.places, approval.risk) == ({0: "finance", 1: None}, "high")


def test_an_edit_that_the_rules_would_allow_still_takes_a_vote(house: House) -> None:
    make_policy(
        house.workspace, {"name": "small", "effect": "allow", "tool": "refund", "condition": "args.amount < 50"}
    )
    approval = make_approval(house)
    decide(approval, "edit", house.by("ana"), args={"order": "A-1", "amount": 40})
    assert (approval.status, call_of(approval).status) == ("pending", "waiting")


def test_an_edit_that_changes_nothing_and_a_forbidden_edit_are_refused(house: House, approval: ApprovalRequest) -> None:
    with pytest.raises(KindRefused, match="as they were"):
        decide(approval, "edit", house.by("ana"), args={"amount": 80, "order": "A-1"})
    make_policy(house.workspace, {"name": "fixed", "effect": "ask", "edit_allowed": False})
    with pytest.raises(KindRefused, match="do not allow"):
        decide(make_approval(house), "edit", house.by("ana"), args={"amount": 1, "order": "A-1"})


def test_the_same_edit_again_is_the_edit_that_was_made(house: House, approval: ApprovalRequest) -> None:
    old, args = bytes(approval.digest), {"order": "A-1", "amount": 40}
    first = approval.decide("edit", by=house.by("ben"), digest=old, args=args)
    assert approval.decide("edit", by=house.by("ben"), digest=old, args=args) == first
    with pytest.raises(Changed):
        approval.decide("edit", by=house.by("ana"), digest=old, args=args)
    decide(approval, "edit", house.by("ben"), args={"order": "A-1", "amount": 80})
    again = decide(approval, "edit", house.by("ben"), args=args)
    assert (again.n, approval.revision, bytes(approval.digest) != old) == (3, 4, True)
