"""What happens when nobody decides in time."""

import orjson
import pytest
from django.db.models import F

from agents.models import Run, ToolCall
from reviews.exceptions import Expired
from reviews.expiry import expire, expire_if_overdue
from reviews.models import ApprovalRequest
from tests.factories import House, make_approval, make_policy
from workspaces.models import AuditEntry, Event

pytestmark = pytest.mark.django_db


def overdue(house: House, **fields: object) -> ApprovalRequest:
    make_policy(house.workspace, {"name": "short", "effect": "ask", "deadline_seconds": 1, **fields})
    approval = make_approval(house)
    ApprovalRequest.objects.update(deadline_at=F("created_at"))
    return approval


def outcome() -> dict[str, object]:
    call = ToolCall.objects.get()
    said: dict[str, object] = orjson.loads(call.outcome or "null")
    return {"call": call.status, **said}


def test_by_default_the_call_expires_which_is_no_rejection(house: House) -> None:
    approval = overdue(house)
    expire()
    approval.refresh_from_db()
    assert approval.status == "expired"
    assert outcome()["call"] == outcome()["status"] == "expired"
    assert "rejected" not in str(outcome())
    assert Run.objects.get().status == "queued"
    assert AuditEntry.objects.get(kind="approval.expired").actor == "system"
    assert Event.objects.filter(kind="approval.expired", object=approval.pk).exists()
    with pytest.raises(Expired):
        approval.decide("approve", by=house.by("ana"), digest=bytes(approval.digest))


def test_before_the_deadline_nothing_expires(house: House) -> None:
    approval = make_approval(house)
    expire()
    approval.refresh_from_db()
    assert approval.status == "pending"


def test_a_rule_may_answer_instead(house: House) -> None:
    approval = overdue(house, on_expiry="respond", on_expiry_text="Nobody is here; tell the customer tomorrow.")
    expire()
    approval.refresh_from_db()
    assert approval.status == "expired"
    assert (outcome()["call"], outcome()["value"]) == ("answered", "Nobody is here; tell the customer tomorrow.")


def test_a_rule_may_keep_waiting(house: House) -> None:
    approval = overdue(house, on_expiry="keep_waiting")
    expire()
    approval.decide("approve", by=house.by("ana"), digest=bytes(approval.digest))
    assert approval.status == "approved"


def test_a_rule_may_stop_the_run(house: House) -> None:
    overdue(house, on_expiry="stop_run")
    expire()
    assert outcome()["call"] == "expired"
    assert Run.objects.get().cancel_requested_at


def test_a_call_in_doubt_never_expires(house: House) -> None:
    approval = make_approval(house, status="in_doubt")
    ApprovalRequest.objects.update(deadline_at=F("created_at"))
    expire()
    approval.refresh_from_db()
    assert approval.status == "pending"


def test_what_was_decided_within_its_undo_does_not_expire(house: House) -> None:
    make_policy(house.workspace, {"name": "slow", "effect": "ask", "undo_seconds": 60})
    approval = make_approval(house)
    approval.decide("approve", by=house.by("ana"), digest=bytes(approval.digest))
    ApprovalRequest.objects.update(deadline_at=F("created_at"))
    expire()
    approval.refresh_from_db()
    assert approval.status == "approved"


def test_what_was_decided_since_it_was_found_overdue_does_not_expire(house: House) -> None:
    approval = make_approval(house)
    approval.decide("approve", by=house.by("ana"), digest=bytes(approval.digest))
    ApprovalRequest.objects.update(deadline_at=F("created_at"))
    expire_if_overdue(approval.pk, approval.run_id)
    approval.refresh_from_db()
    assert (approval.status, ToolCall.objects.get().status) == ("approved", "ready")
