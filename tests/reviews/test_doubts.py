"""Calls of which nobody knows whether they happened."""

import pytest

from reviews.exceptions import (
    KindRefused,
    Withdrawn,
)
from reviews.models import ApprovalRequest
from tests.factories import House, make_approval, make_policy
from tests.reviews.stories import TWO_SEATS, call_of, decide, outcome_of

pytestmark = pytest.mark.django_db


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
        with pytest.raises(KindRefused, match="Say why"):
            decide(doubt(house), kind, house.by("ana"))
