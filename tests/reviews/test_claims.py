"""Claims: a courtesy that is seen, renewed, taken over and lost, and never stands in the way of a vote."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from reviews.claims import lapse
from reviews.exceptions import Claimed, NotEligible, Withdrawn
from reviews.models import ApprovalRequest, Claim
from tests.factories import House
from tests.reviews.stories import decide
from workspaces.exceptions import NotFound
from workspaces.models import AuditEntry, Event

pytestmark = pytest.mark.django_db


def told(approval: ApprovalRequest) -> list[str]:
    kinds = Event.objects.filter(object=approval.pk).order_by("seq").values_list("kind", flat=True)
    return [kind.removeprefix("approval.") for kind in kinds if kind != "approval.requested"]


def test_a_claim_is_renewed_in_silence_and_taken_over_on_the_record(house: House, approval: ApprovalRequest) -> None:
    first = approval.claim(house.by("ana"))
    assert approval.claim(house.by("ana")).lapses_at > first.lapses_at
    with pytest.raises(Claimed, match="Ana has claimed this"):
        approval.claim(house.by("ben"))
    assert approval.claim(house.by("ben"), take_over=True).person == house.ben

    assert told(approval) == ["claimed", "claimed"]
    entries = AuditEntry.objects.filter(kind="approval.claimed").order_by("pk").values_list("detail", flat=True)
    assert list(entries) == ["{}", '{"from":"ana"}']


def test_a_claim_is_no_lock(house: House, approval: ApprovalRequest) -> None:
    approval.claim(house.by("ana"))
    decide(approval, "approve", house.by("ben"))

    assert approval.status == "approved"
    with pytest.raises(Withdrawn):
        approval.claim(house.by("ana"))


def test_a_claim_is_given_up_by_its_person_only(house: House, approval: ApprovalRequest) -> None:
    approval.claim(house.by("ana"))
    approval.release(house.by("ben"))
    assert Claim.objects.exists()
    approval.release(house.by("ana"))
    assert not Claim.objects.exists()
    assert told(approval) == ["claimed", "released"]


def test_a_claim_that_nobody_renews_lapses_and_the_others_hear_of_it(house: House, approval: ApprovalRequest) -> None:
    approval.claim(house.by("ana"))
    lapse()
    assert Claim.objects.exists()
    Claim.objects.update(lapses_at=Now() - timedelta(seconds=1))
    assert approval.claim(house.by("ben")).person == house.ben  # what has lapsed is not taken over, it is free
    Claim.objects.update(lapses_at=Now() - timedelta(seconds=1))
    lapse()

    assert not Claim.objects.exists()
    assert told(approval) == ["claimed", "claimed", "released"]


def test_only_those_who_may_decide_claim(house: House, approval: ApprovalRequest) -> None:
    for name in ("olga", "root"):
        with pytest.raises(NotEligible):
            approval.claim(house.by(name))
    for verb in (approval.claim, approval.release):
        with pytest.raises(NotFound):
            verb(house.by("sam"))
