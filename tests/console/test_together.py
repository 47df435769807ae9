"""The batch page: a table to compare, a form that carries every digest, a result for each."""

import re
from collections.abc import Callable

from django.test import Client
from pytest_django import DjangoAssertNumQueries

from reviews.models import ApprovalRequest
from tests.console.conftest import HTMX
from tests.factories import House, make_approval, make_policy
from tests.reviews.stories import decide


def ask(house: House, amount: float, **fields: str) -> ApprovalRequest:
    return make_approval(house, arguments={"amount": amount, "order": "A-1"} | fields)


def test_alike_requests_are_compared_and_decided_together(
    house: House, browse: Callable[[str], Client], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    asked = [ask(house, amount) for amount in (10, 11, 12, 10, 950)]
    ana = browse("ana")
    with django_assert_max_num_queries(16):
        page = ana.get(f"/review/batch?like={asked[0].pk}").content.decode()

    assert "5 requests for" in page and page.count("<code>order</code>") == 1
    assert 'data-pick-sum="amount"' in page and 'data-value="950"' in page
    assert page.index("amount: 950") < page.index("amount: 10,")
    digests = re.findall(r'name="digest" value="([^"]+)"', page)
    assert len(digests) == 5
    late = ask(house, 13)
    decide(asked[1], "reject", house.by("ben"), reason="no")
    items = [one.pk for one in asked]
    marks = ana.get("/review/batch", {"item": items}, headers=HTMX).content.decode()
    assert "rejected by Ben" in marks and f'id="tick-{asked[1].pk}" disabled' in marks and marks.count("state-") == 1
    unchosen = next(one for one in digests if one.startswith(str(asked[0].pk)))
    sent = {"kind": "approve", "digest": [one for one in digests if one != unchosen], "item": items}
    answer = ana.post("/review/batch", sent).content.decode()

    assert "3 approved, 1 no longer open" in answer and "Ben has already rejected this." in answer
    assert "Not chosen" in answer and f'href="/review/{asked[0].pk}"' in answer
    assert "approved by you" in ana.get("/review/batch", {"item": items}, headers=HTMX).content.decode()
    sent["digest"] = digests
    assert "1 approved, 3 were already, 1 no longer open" in ana.post("/review/batch", sent).content.decode()
    late.refresh_from_db()
    assert late.is_pending  # it came after the page was made
    batches = {one.decisions.get().batch for one in asked[2:]}
    assert len(batches) == 1 and None not in batches


def test_what_cannot_be_decided_together_is_left_out_with_its_reason(
    house: House, browse: Callable[[str], Client]
) -> None:
    make_policy(house.workspace, {"name": "high", "effect": "ask", "tool": "find", "risk": "high"})
    plain, high = ask(house, 1), make_approval(house, "find", {})
    page = browse("ana").get(f"/review/batch?item={plain.pk}&item={high.pk}").content.decode()

    assert "High risk is decided alone." in page and page.count('name="digest"') == 1
    assert "There is nothing to decide together" in browse("ana").get("/review/batch").content.decode()


def test_what_is_posted_is_read_strictly(house: House, browse: Callable[[str], Client]) -> None:
    one, other, ana = ask(house, 1), ask(house, 2), browse("ana")
    digest = f"{one.pk}:{bytes(one.digest).hex()}"

    assert ana.post("/review/batch", {"kind": "approve", "digest": ["x:y"]}).status_code == 400
    assert ana.post("/review/batch", {"digest": [digest]}).status_code == 400
    assert ana.post("/review/batch", {"kind": "approve"}).status_code == 422
    assert ana.post("/review/batch", {"kind": "edit", "digest": [digest]}).status_code == 422
    assert ana.get("/review/batch?like=nonsense").status_code == ana.get("/review/batch?item=1").status_code == 404
    assert browse("sam").post("/review/batch", {"kind": "approve", "digest": [digest]}).status_code == 404
    assert "Reason" in ana.get(f"/review/batch?item={one.pk}").content.decode()
    assert (
        "The agent needs a reason."
        in ana.post("/review/batch", {"kind": "reject", "digest": [digest], "item": [other.pk]}).content.decode()
    )
    one.refresh_from_db()
    assert one.is_pending
