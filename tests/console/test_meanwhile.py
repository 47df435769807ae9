"""What an open card is told of what others did: nothing that it keeps may pass for what was decided."""

from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client

from reviews.models import ApprovalRequest
from tests.console.conftest import HTMX
from tests.console.desk import post, read
from tests.factories import House, make_approval, make_policy
from tests.reviews.stories import TWO_SEATS, decide

HALF = {"amount": 40, "order": "A-1"}


@pytest.fixture
def watched(browse: Callable[[str], Client], approval: ApprovalRequest) -> Callable[..., str]:
    """What Ana's page, open since now, hears when it asks."""
    ana = browse("ana")
    seen = read(ana, approval).split("?seen=")[1].split("&")[0]
    path = f"/review/{approval.pk}/changes?seen={seen}"
    return lambda query="": unescape(ana.get(path + query).content.decode())


def test_who_watches_is_told_what_an_edit_changed_and_what_is_no_longer_asked(
    house: House, approval: ApprovalRequest, watched: Callable[..., str]
) -> None:
    decide(approval, "edit", house.by("ben"), args=HALF, reason="Half of it")
    edited = watched()
    decide(approval, "approve", house.by("ben"))
    told = watched()

    assert f"<b>Ben changed amount from 80 to 40: {approval.title}.</b> “Half of it”" in edited
    assert f"<b>Ben changed amount from 80 to 40 and approved it: {approval.title}.</b> “Half of it”" in told
    for page in (edited, told):
        assert "outdated" in page and "Revision 1, no longer what is asked" in page
        assert page.count("of revision 1<") == 2 and "Show it as it is now" in page
    assert "Needs your approval, revision 2<" in edited and "Approved, about to run, revision 2<" in told
    assert "by Ben, as revision 2" in told and "Ben approved this" not in told


def test_what_somebody_else_approved_after_an_edit_is_told_as_two_deeds(
    house: House, approval: ApprovalRequest, watched: Callable[..., str]
) -> None:
    decide(approval, "edit", house.by("ben"), args=HALF)
    decide(approval, "approve", house.by("cleo"))

    told = watched()
    assert f"<b>Ben changed amount from 80 to 40: {approval.title}.</b>" in told
    assert "<b>Cleo approved it as it is now.</b>" in told


def test_a_decision_about_what_the_page_shows_leaves_nothing_old_to_load_again(
    house: House, approval: ApprovalRequest, watched: Callable[..., str]
) -> None:
    decide(approval, "reject", house.by("ben"), reason="Paid twice")

    told = watched()
    assert "<b>Ben rejected this.</b> “Paid twice”" in told and "outdated" not in told
    assert "Show it as it is now" not in told
    assert "Nothing left to claim" in told and 'id="later" hx-swap-oob' in told
    editing = watched("&edit")
    assert "This edit can no longer be saved." in editing and "Show it as it is now" in editing
    assert "Nothing left to claim" not in editing


def test_who_decides_after_an_edit_is_told_what_it_changed(
    house: House, browse: Callable[[str], Client], approval: ApprovalRequest
) -> None:
    seen = bytes(approval.digest).hex()
    decide(approval, "edit", house.by("ben"), args=HALF)

    late = post(browse("ana"), approval, "approve", headers=HTMX, digest=seen)
    assert (late.status_code, late["HX-Retarget"]) == (412, "#changes")
    told = unescape(late.content.decode())
    assert "<b>The arguments have changed since you looked: this is another call now.</b>" in told
    assert f"<b>Ben changed amount from 80 to 40: {approval.title}.</b>" in told


def test_a_long_value_is_cut_in_what_is_told(
    house: House, approval: ApprovalRequest, watched: Callable[..., str]
) -> None:
    decide(approval, "edit", house.by("ben"), args={"amount": 80, "order": "B" * 200})

    told = watched().split(": refund(")[0]
    assert "Ben changed order from A-1 to BBB" in told and told.count("B") < 65


def test_a_vote_for_another_seat_fills_it_on_the_page_and_leaves_nothing_old(
    house: House, browse: Callable[[str], Client]
) -> None:
    make_policy(house.workspace, TWO_SEATS)
    approval = make_approval(house)
    seen = read(browse("ana"), approval).split("?seen=")[1].split("&")[0]
    decide(approval, "approve", house.by("cleo"))

    told = browse("ana").get(f"/review/{approval.pk}/changes?seen={seen}").content.decode()
    assert "Cleo approved this." in told and "1 of 2" in told and "You can take this" in told
    assert "Show it as it is now" not in told and "notice warn" not in told
