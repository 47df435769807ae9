"""Putting off and handing over: who is asked meanwhile, until when, and that neither stands in the way of a vote."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now
from django.utils.timezone import now

from console.queue import requests
from reviews import later
from reviews.exceptions import KindRefused, NotEligible, Withdrawn
from reviews.models import ApprovalRequest, Handover, Snooze
from tests.factories import House, make_approval, make_policy
from tests.reviews.stories import decide
from workspaces.exceptions import NotFound
from workspaces.models import AuditEntry, Event

pytestmark = pytest.mark.django_db
SOON, WEEK = timedelta(minutes=15), timedelta(days=7)


def views(house: House, approval: ApprovalRequest) -> dict[str, str]:
    """In which view each person finds it, beside Open."""
    found = {}
    for name in ("ana", "ben", "cleo"):
        here = [view for view in ("needs-me", "waiting") if requests(house.by(name), view).filter(pk=approval.pk)]
        found[name] = here[0] if here else ""
    return found


def test_what_one_puts_off_needs_the_others_still_and_comes_back(house: House, approval: ApprovalRequest) -> None:
    approval.snooze(house.by("ana"), SOON)
    assert views(house, approval) == {"ana": "waiting", "ben": "needs-me", "cleo": "needs-me"}
    later.end()
    later.wake(approval, house.by("ana"))
    assert views(house, approval)["ana"] == "needs-me"

    half = approval.snooze(house.by("ana"), WEEK).until
    assert timedelta(minutes=29) < half - now() < timedelta(minutes=31)  # an hour is left
    Snooze.objects.update(until=Now() - timedelta(seconds=1))
    assert views(house, approval)["ana"] == "needs-me"
    later.end()
    assert not Snooze.objects.exists()
    kinds = list(Event.objects.filter(object=approval.pk).order_by("seq").values_list("kind", flat=True))
    assert kinds[1:] == ["approval.snoozed", "approval.unsnoozed", "approval.snoozed", "approval.due_again"]


def test_what_is_handed_over_needs_one_person_and_then_everybody(house: House, approval: ApprovalRequest) -> None:
    approval.claim(house.by("ana"))
    approval.snooze(house.by("ben"), SOON)
    approval.hand_over(house.by("ana"), house.ben, " You know them. ")
    assert views(house, approval) == {"ana": "waiting", "ben": "needs-me", "cleo": ""}
    assert not hasattr(ApprovalRequest.objects.get(), "claimed")
    assert approval.comments.get().text == "For Ben: You know them."
    assert AuditEntry.objects.get(kind="approval.handed_over").object == str(approval.pk)

    approval.hand_over(house.by("ben"), house.cleo)
    assert views(house, approval) == {"ana": "", "ben": "waiting", "cleo": "needs-me"}
    Handover.objects.update(until=F("until") - timedelta(hours=1))
    later.end()
    assert not Handover.objects.exists()
    assert set(views(house, approval).values()) == {"needs-me"}


def test_neither_is_a_lock(house: House, approval: ApprovalRequest) -> None:
    approval.snooze(house.by("ana"), SOON)
    approval.hand_over(house.by("ana"), house.ben)
    decide(approval, "approve", house.by("ana"))

    assert approval.status == "approved"
    for again in (
        lambda: approval.snooze(house.by("ben"), SOON),
        lambda: approval.hand_over(house.by("ben"), house.ana),
    ):
        with pytest.raises(Withdrawn):
            again()
    Handover.objects.update(until=Now())
    later.end()
    assert Event.objects.filter(kind="approval.due_again").count() == 0


def test_only_those_who_could_decide_put_off_or_are_handed(house: House) -> None:
    seats = [{"count": 1, "group": "finance"}]
    make_policy(house.workspace, {"name": "money", "effect": "ask", "tool": "refund", "seats": seats})
    approval = make_approval(house)
    for name in ("olga", "root"):
        with pytest.raises(NotEligible):
            approval.snooze(house.by(name), SOON)
        with pytest.raises(NotEligible):
            approval.hand_over(house.by("ana"), getattr(house, name))
    for nobody in (house.ana, house.cleo, house.sam):  # oneself, of no such group, of another workspace
        with pytest.raises(NotEligible):
            approval.hand_over(house.by("ana"), nobody)
    with pytest.raises(NotFound):
        approval.hand_over(house.by("sam"), house.ben)
    for length in (timedelta(0), WEEK + SOON):
        with pytest.raises(KindRefused):
            approval.snooze(house.by("ana"), length)


def test_what_is_past_its_time_but_kept_waiting_can_be_put_off(house: House, approval: ApprovalRequest) -> None:
    ApprovalRequest.objects.update(deadline_at=Now() - timedelta(hours=1))
    with pytest.raises(Withdrawn):
        approval.snooze(house.by("ana"), SOON)
    ApprovalRequest.objects.update(on_expiry="keep_waiting")
    assert approval.snooze(house.by("ana"), SOON).until > now() + timedelta(minutes=14)
