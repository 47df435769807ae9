"""The record of a request: every revision with its digest, every vote, every word."""

from collections.abc import Callable

from django.test import Client

from tests.factories import House, make_approval, make_policy
from tests.reviews.stories import TWO_SEATS, decide


def test_a_record_tells_the_whole_story(house: House, browse: Callable[[str], Client]) -> None:
    make_policy(house.workspace, TWO_SEATS)
    approval = make_approval(house)
    first = bytes(approval.digest).hex()
    decide(approval, "approve", house.by("cleo"))
    decide(approval, "edit", house.by("ana"), args={"amount": 40, "order": "A-1"}, reason="Half of it")
    approval.comment("It was <two> panels", house.by("olga"))
    decide(approval, "approve", house.by("ana"))
    decide(approval, "reject", house.by("ben"), reason="No more", then="retry")
    page = browse("olga").get(f"/review/{approval.pk}/record").content.decode()

    for said in ("Revision 1", "Revision 2", "edited by Ana", "as the agent proposed it", "Half of it", "No more",
                 "the agent may try again", "It was &lt;two&gt; panels", first, bytes(approval.digest).hex(),
                 "-  &quot;amount&quot;: 80", "+  &quot;amount&quot;: 40", "excluded: started the run"):  # fmt: skip
        assert said in page, said
    assert "the record as it stood on" in page and "Why the agent wants this" in page
    assert browse("sam").get(f"/review/{approval.pk}/record").status_code == 404
