"""Deciding: what it does to the call, and what a second decision meets."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.db import IntegrityError, transaction

from agents.models import Run
from reviews import locking
from reviews.exceptions import (
    AlreadyDecided,
    Changed,
    Expired,
    KindRefused,
    Withdrawn,
)
from reviews.models import ApprovalRequest, Decision
from tests.factories import House, make_approval, make_policy
from tests.reviews.stories import TWO_SEATS, call_of, decide, outcome_of
from workspaces.exceptions import CanonicalError
from workspaces.models import AuditEntry, Event

pytestmark = pytest.mark.django_db


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


def test_a_decision_bears_the_moment_at_which_it_was_found_in_time(
    house: House, approval: ApprovalRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writing it takes its time, and a deadline may pass meanwhile."""
    moment = approval.created_at
    ApprovalRequest.objects.update(deadline_at=moment + timedelta(microseconds=1))
    monkeypatch.setattr(locking, "database_now", lambda: moment)

    assert approval.decide("approve", by=house.by("ana"), digest=bytes(approval.digest)).created_at == moment


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


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
def test_words_that_cannot_be_stored_are_refused(house: House, approval: ApprovalRequest, text: str) -> None:
    for kind in ("reject", "respond"):
        with pytest.raises(CanonicalError):
            decide(approval, kind, house.by("ana"), reason=text, text=text)


def test_a_rejection_lets_the_agent_try_again_or_stops_the_run(house: House) -> None:
    again, over = make_approval(house), make_approval(house)
    decide(again, "reject", house.by("ana"), reason="Half of it", then="retry")
    decide(over, "reject", house.by("ana"), reason="Enough", then="stop")

    assert (
        outcome_of(again)["error"]["retryable"] is True and "propose it again" in outcome_of(again)["error"]["message"]
    )
    assert again.run.cancel_requested_at is None
    assert outcome_of(over)["error"]["retryable"] is False
    over.run.refresh_from_db()
    assert over.run.cancel_requested_at and over.run.cancel_reason == "A reviewer stopped it: Enough"
