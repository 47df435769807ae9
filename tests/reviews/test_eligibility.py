"""Who may decide, by which way, and in which seat."""

import pytest
from django.db import IntegrityError, transaction

from reviews.exceptions import (
    NotEligible,
    SeatTaken,
)
from reviews.models import ApprovalRequest, Decision
from tests.factories import House, make_approval, make_call, make_policy, make_run
from tests.reviews.stories import TWO_SEATS, call_of, decide
from workspaces.exceptions import NotFound
from workspaces.models import Membership

pytestmark = pytest.mark.django_db


def test_whoever_started_the_run_does_not_decide_about_it(house: House) -> None:
    call = make_call(make_run(house.agent, house.ana))
    approval = ApprovalRequest.objects.get(tool_call=call)
    for kind in ("approve", "reject", "respond", "edit"):
        with pytest.raises(NotEligible, match="You started this run"):
            decide(approval, kind, house.by("ana"), reason="x", text="x", args={})
    decide(approval, "approve", house.by("ben"))


def test_whoever_owns_the_key_that_started_the_run_does_not_decide_about_it(house: House) -> None:
    key = house.token("ana", "runs:write", kind="service").token
    run = make_run(house.agent, house.olga, started_by_token=key)
    approval = ApprovalRequest.objects.get(tool_call=make_call(run))
    with pytest.raises(NotEligible, match="own the key"):
        decide(approval, "approve", house.by("ana"))
    assert approval.excluded == sorted([house.olga.pk, house.ana.pk])


@pytest.mark.parametrize("name", ["olga", "root"])
def test_only_approvers_decide(house: House, name: str) -> None:
    approval = ApprovalRequest.objects.get(tool_call=make_call(make_run(house.agent)))
    with pytest.raises(NotEligible, match="Only approvers"):
        decide(approval, "approve", house.by(name))


def test_a_stranger_finds_nothing(house: House, approval: ApprovalRequest) -> None:
    with pytest.raises(NotFound):
        decide(approval, "approve", house.by("sam"))
    with pytest.raises(NotFound):
        approval.undo(1, house.by("sam"))


def test_a_service_key_never_decides(house: House) -> None:
    make_policy(house.workspace, {**TWO_SEATS, "channels": ["web", "api"]})
    approval = make_approval(house)
    with pytest.raises(NotEligible, match="service key"):
        decide(approval, "approve", house.token("ana", "runs:write", kind="service"))


def test_a_personal_token_decides_only_where_the_rules_say_so_and_with_its_scope(house: House) -> None:
    approval = make_approval(house)
    with pytest.raises(NotEligible, match="in the browser"):
        decide(approval, "approve", house.token("ana", "approvals:decide"))
    make_policy(house.workspace, {"name": "api", "effect": "ask", "channels": ["api"]})
    approval = make_approval(house)
    with pytest.raises(NotEligible, match="personal token"):
        decide(approval, "approve", house.by("ana"))
    with pytest.raises(NotEligible, match="approvals:decide"):
        decide(approval, "approve", house.token("ana", "approvals:read"))
    decision = decide(approval, "approve", house.token("ana", "approvals:decide"))
    assert (decision.channel, decision.token and decision.token.person) == ("api", house.ana)


def test_a_role_that_is_gone_since_the_request_came_does_not_count(house: House, approval: ApprovalRequest) -> None:
    ana = house.by("ana")
    Membership.objects.get(person=house.ana).change(roles=["viewer"], groups=[], by=None)
    with pytest.raises(NotEligible, match="any longer"):
        decide(approval, "approve", ana)


def test_two_seats_take_two_people(house: House) -> None:
    make_policy(house.workspace, TWO_SEATS)
    approval = make_approval(house)
    first = decide(approval, "approve", house.by("ben"))
    assert (approval.status, call_of(approval).status) == ("pending", "waiting")
    second = decide(approval, "approve", house.by("cleo"))
    assert (approval.status, call_of(approval).status) == ("approved", "ready")
    assert (first.seat, second.seat) == (0, 1)


def test_a_seat_asks_for_its_group(house: House) -> None:
    make_policy(house.workspace, {**TWO_SEATS, "seats": [{"count": 1, "group": "support"}]})
    approval = make_approval(house)
    with pytest.raises(NotEligible, match="support"):
        decide(approval, "approve", house.by("ana"))
    with pytest.raises(NotEligible, match="support"):
        decide(approval, "reject", house.by("ana"), reason="no")
    decide(approval, "approve", house.by("ben"))
    assert approval.status == "approved"


def test_somebody_for_whom_no_seat_is_left_is_told_who_sits_there(house: House) -> None:
    make_policy(
        house.workspace, {**TWO_SEATS, "seats": [{"count": 1, "group": "finance"}, {"count": 1, "group": "support"}]}
    )
    approval = make_approval(house)
    seat = decide(approval, "approve", house.by("ana")).seat
    assert seat == 0
    with pytest.raises(NotEligible, match="finance, support"):
        decide(approval, "approve", house.by("cleo"))
    Membership.objects.get(person=house.cleo).change(
        roles=["approver"], groups=[house.workspace.groups.get(name="finance")], by=None
    )
    with pytest.raises(SeatTaken, match="Ana"):
        decide(approval, "approve", house.by("cleo"))


def test_the_database_refuses_a_second_seat_for_one_person(house: House) -> None:
    make_policy(house.workspace, TWO_SEATS)
    approval = make_approval(house)
    decide(approval, "approve", house.by("ben"))
    vote = {"approval": approval, "kind": "approve", "revision": 1, "digest": approval.digest, "channel": "web"}
    with pytest.raises(IntegrityError, match="one_person_fills_one_seat"), transaction.atomic():
        Decision.objects.create(n=2, person=house.ben, seat=1, **vote)
    with pytest.raises(IntegrityError, match="one_seat_is_filled_once"), transaction.atomic():
        Decision.objects.create(n=2, person=house.cleo, seat=0, **vote)
