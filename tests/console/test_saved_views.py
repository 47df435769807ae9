"""Saved views: filters under a name, for oneself or for everybody."""

from collections.abc import Callable

from django.test import Client

from console.saved_views import filters_of
from tests.factories import House
from workspaces.models import Membership, SavedView

LATE = {"page": "runs", "name": "Late & failed", "query": "text=late&status=failed&agent=&before=018f"}


def test_a_person_saves_filters_and_deletes_them_again(house: House, browse: Callable[[str], Client]) -> None:
    olga, ana = browse("olga"), browse("ana")
    saved = olga.post("/saved-views", LATE)
    page = olga.get(saved["Location"]).content.decode()

    assert saved["Location"] == "/runs?status=failed&text=late"
    assert '<a href="/runs?status=failed&amp;text=late" aria-current="true">' in page and "Late &amp; failed" in page
    assert "Late &amp; failed" not in ana.get("/runs").content.decode()
    view = SavedView.objects.get()
    assert ana.post(f"/saved-views/{view.pk}/deletion").status_code == 404

    olga.post("/saved-views", {**LATE, "query": "text=later", "is_shared": "on"})
    shared = ana.get("/runs").content.decode()
    assert "/runs?text=later" in shared and "Olga</span>" in shared and "Delete the view" not in shared
    assert ana.post(f"/saved-views/{view.pk}/deletion").status_code == 403
    assert browse("root").post(f"/saved-views/{view.pk}/deletion", {"query": "status=all"}).status_code == 302
    assert not SavedView.objects.exists()


def test_what_is_no_view_is_refused(house: House, browse: Callable[[str], Client]) -> None:
    olga = browse("olga")
    for wrong in ({"page": "nowhere"}, {"name": " "}, {"name": "x" * 61}, {"name": "a\u202eb"}, {"query": "x" * 2001}):
        answer = olga.post("/saved-views", {**LATE, **wrong})
        assert 400 <= answer.status_code < 500, wrong
    Membership.objects.get(person=house.olga).change(roles=["viewer"], groups=[], by=None)
    assert olga.post("/saved-views", {**LATE, "is_shared": "on"}).status_code == 403
    assert not SavedView.objects.exists()
    assert olga.post("/saved-views", LATE).status_code == 302


def test_a_person_has_so_many_views_and_no_more(house: House, browse: Callable[[str], Client]) -> None:
    rows = [
        SavedView(workspace=house.workspace, person=house.olga, page="runs", name=f"v{n}", query="") for n in range(50)
    ]
    SavedView.objects.bulk_create(rows)
    answer = browse("olga").post("/saved-views", LATE)

    assert answer.status_code == 422 and b"delete one to save another" in answer.content


def test_filters_are_the_same_in_any_order() -> None:
    assert filters_of("b=2&a=1&cursor=x&c=") == filters_of("a=1&b=2") == "a=1&b=2"
    assert filters_of("&".join(f"n{n}=1" for n in range(60))) == ""
