"""Deciding: who may, what it does to the call, and what a second decision meets."""

from typing import Any

import orjson
import pytest
from django.db import IntegrityError, transaction

from agents.models import Run, ToolCall
from agents.tools.exceptions import ArgumentsRefused
from reviews.exceptions import (
    AlreadyDecided,
    Changed,
    EditDenied,
    Expired,
    KindRefused,
    NotEligible,
    SeatTaken,
    Withdrawn,
)
from reviews.models import ApprovalRequest, Decision
from tests.factories import House, make_approval, make_call, make_policy, make_run
from workspaces.exceptions import NotFound
from workspaces.models import AuditEntry, Event, Membership
from workspaces.principal import Principal

pytestmark = pytest.mark.django_db

TWO_SEATS = {
    "name": "two",
    "effect": "ask",
    "tool": "refund",
    "seats": [{"count": 1, "group": "finance"}, {"count": 1, "group": None}],
}


def decide(approval: ApprovalRequest, kind: str, by: Principal, **said: Any) -> Decision:
    return approval.decide(kind, by=by, digest=bytes(approval.digest), **said)


def call_of(approval: ApprovalRequest) -> ToolCall:
    return ToolCall.objects.get(pk=approval.tool_call_id)


def outcome_of(approval: ApprovalRequest) -> Any:
    return orjson.loads(call_of(approval).outcome or "null")


# --- what a decision does ---


def test_the_only_seat_releases_the_call(house: House, approval: ApprovalRequest) -> None:
    decision = decide(approval, "approve", house.by("ana"))
    call = call_of(approval)
    assert (approval.status, call.status, call.decided) == ("approved", "ready", "")
    assert (decision.n, decision.seat, decision.revision, decision.channel) == (1, 0, 1, "web")
    assert call.effective_at and call.valid_until
    assert (call.valid_until - call.effective_at).total_seconds() == 15 * 60
    assert Run.objects.get().status == "queued"


def test_a_decision_is_told_to_audit_and_events(house: House, approval: ApprovalRequest) -> None:
    decide(approval, "approve", house.by("ana"))
    entry = AuditEntry.objects.get(kind="approval.approve")
    detail = orjson.loads(entry.detail)
    assert (entry.actor, entry.channel, entry.object) == ("ana", "web", str(approval.pk))
    assert (detail["digest"], detail["tool_call"]) == (bytes(approval.digest).hex(), str(approval.tool_call_id))
    kinds = Event.objects.filter(topic="approval", object=approval.pk).order_by("seq").values_list("kind", flat=True)
    assert list(kinds) == ["approval.requested", "approval.decided"]


def test_a_refusal_ends_the_call_with_its_reason(house: House, approval: ApprovalRequest) -> None:
    decide(approval, "reject", house.by("ben"), reason="Too much.")
    assert (approval.status, call_of(approval).status) == ("rejected", "rejected")
    assert outcome_of(approval)["error"] == {
        "type": "rejected",
        "message": "A reviewer refused this call: Too much.",
        "retryable": False,
    }


def test_an_answer_takes_the_place_of_the_tool(house: House, approval: ApprovalRequest) -> None:
    decide(approval, "respond", house.by("ben"), text="Offer a voucher instead.")
    assert (approval.status, call_of(approval).status) == ("answered", "answered")
    assert outcome_of(approval)["value"] == "Offer a voucher instead."
    assert "person answered" in outcome_of(approval)["note"]


def test_a_question_is_answered_and_never_approved(house: House) -> None:
    approval = make_approval(house, "question", {"text": "Which order?"})
    assert (approval.subject_kind, approval.title) == ("question", "Which order?")
    with pytest.raises(KindRefused, match="respond or reject"):
        decide(approval, "approve", house.by("ana"))
    decide(approval, "respond", house.by("ana"), text="A-1")
    assert outcome_of(approval) == {"status": "answered", "value": "A-1"}


# --- seats ---


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


# --- who may ---


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


# --- what a second decision meets ---


def test_a_second_approver_is_told_who_was_first(house: House, approval: ApprovalRequest) -> None:
    decide(approval, "approve", house.by("ana"))
    with pytest.raises(AlreadyDecided, match="Ana has already approved this") as told:
        decide(approval, "reject", house.by("ben"), reason="too much")
    assert told.value.current and told.value.current["person"] == "ana"


def test_the_same_decision_again_is_the_decision_that_was_made(house: House, approval: ApprovalRequest) -> None:
    first = decide(approval, "approve", house.by("ana"))
    assert decide(approval, "approve", house.by("ana")) == first
    with pytest.raises(AlreadyDecided):
        decide(approval, "reject", house.by("ana"), reason="changed my mind")
    assert Decision.objects.count() == 1


def test_the_same_vote_again_fills_no_second_seat(house: House) -> None:
    make_policy(house.workspace, TWO_SEATS)
    approval = make_approval(house)
    first = decide(approval, "approve", house.by("ben"))
    assert decide(approval, "approve", house.by("ben")) == first
    assert approval.status == "pending"


def test_another_digest_is_refused_with_the_current_one(house: House, approval: ApprovalRequest) -> None:
    with pytest.raises(Changed) as told:
        approval.decide("approve", by=house.by("ana"), digest=bytes(32))
    assert told.value.current == {"digest": bytes(approval.digest).hex(), "revision": 1}
    assert not Decision.objects.exists()


def test_after_the_deadline_nobody_decides_even_before_the_sweep(house: House, approval: ApprovalRequest) -> None:
    ApprovalRequest.objects.update(deadline_at=approval.created_at)
    with pytest.raises(Expired, match=r"expired \d+ s before you decided"):
        decide(approval, "approve", house.by("ana"))


def test_in_a_run_that_is_being_cancelled_there_is_nothing_to_decide(house: House, approval: ApprovalRequest) -> None:
    approval.run.cancel(reason="enough")
    with pytest.raises(Withdrawn, match="cancelled"):
        decide(approval, "approve", house.by("ana"))


@pytest.mark.parametrize(
    ("kind", "said", "path"),
    [
        ("reject", {}, "/reason"),
        ("reject", {"reason": "  "}, "/reason"),
        ("respond", {"text": " "}, "/text"),
        ("edit", {}, "/args"),
        ("reject", {"reason": "x" * 20_001}, "/reason"),
    ],
)
def test_a_decision_that_lacks_something_is_refused(
    house: House, approval: ApprovalRequest, kind: str, said: dict[str, Any], path: str
) -> None:
    with pytest.raises(KindRefused) as refused:
        decide(approval, kind, house.by("ana"), **said)
    assert [error["path"] for error in refused.value.errors] == [path]


# --- edits ---


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
    decide(approval, "approve", house.by("ana"))
    decide(approval, "edit", house.by("cleo"), args={"order": "A-1", "amount": 70})
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


# --- in doubt ---


def doubt(house: House) -> ApprovalRequest:
    return make_approval(house, status="in_doubt")


def test_a_call_in_doubt_is_put_before_people_as_high_risk(house: House) -> None:
    approval = doubt(house)
    assert (approval.subject_kind, approval.risk, approval.on_expiry) == ("in_doubt", "high", "keep_waiting")
    with pytest.raises(KindRefused, match="happened, did_not_happen or retry"):
        decide(approval, "approve", house.by("ana"))


def test_it_happened(house: House) -> None:
    approval = doubt(house)
    decide(approval, "happened", house.by("ana"), result={"id": 7}, reason="Seen in the bank's log.")
    assert (approval.status, call_of(approval).status) == ("answered", "succeeded")
    assert outcome_of(approval) == {"status": "succeeded", "value": {"id": 7}}


def test_it_did_not_happen_even_in_a_run_that_is_being_cancelled(house: House) -> None:
    approval = doubt(house)
    approval.run.cancel(reason="enough")
    with pytest.raises(Withdrawn):
        decide(approval, "retry", house.by("ana"), reason="Try again.")
    decide(approval, "did_not_happen", house.by("ana"), reason="Not in the bank's log.")
    assert (approval.status, call_of(approval).status) == ("answered", "failed")
    assert outcome_of(approval)["error"]["type"] == "did_not_happen"


def test_a_retry_takes_the_same_seats_again(house: House) -> None:
    make_policy(house.workspace, TWO_SEATS)
    approval = doubt(house)
    decide(approval, "retry", house.by("ana"), reason="Not in the bank's log.")
    again = ApprovalRequest.objects.get(status="pending")
    assert (approval.status, call_of(approval).status) == ("answered", "waiting")
    assert (again.subject_kind, again.risk, again.places) == ("tool_call", "high", {0: "finance", 1: None})
    decide(again, "approve", house.by("ana"))
    assert call_of(again).status == "waiting"
    decide(again, "approve", house.by("cleo"))
    assert call_of(again).status == "ready"


def test_an_answer_about_a_doubt_needs_a_reason(house: House) -> None:
    for kind in ("happened", "did_not_happen", "retry"):
        with pytest.raises(KindRefused, match="reason"):
            decide(doubt(house), kind, house.by("ana"))


# --- the record ---


def test_what_was_decided_is_not_rewritten(house: House, approval: ApprovalRequest) -> None:
    decision = decide(approval, "reject", house.by("ana"), reason="No.")
    for change in ({"reason": "Yes."}, {"kind": "respond"}):
        with pytest.raises(IntegrityError, match="only grows"), transaction.atomic():
            Decision.objects.filter(pk=decision.pk).update(**change)
    with pytest.raises(IntegrityError, match="only grows"), transaction.atomic():
        Decision.objects.filter(pk=decision.pk).delete()
    with pytest.raises(IntegrityError, match="only grows"), transaction.atomic():
        approval.revisions.update(args=b"{}")
    with pytest.raises(IntegrityError, match="does not become"), transaction.atomic():
        ApprovalRequest.objects.update(status="approved")
