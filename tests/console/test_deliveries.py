"""Deliveries: how endpoints do, what was sent, dead letters, and sending again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from console.figures import short
from reviews.models import Delivery, Endpoint
from tests.factories import House
from tests.reviews.webhooks import registered
from workspaces.models import AuditEntry

URL = "http://127.0.0.1:9/hook?secret"


@pytest.fixture
def endpoint(house: House, settings: Any) -> Endpoint:
    settings.OUTBOUND_ALLOWED = ["127.0.0.1:9"]
    return registered(house.workspace, URL)[0]


def made(endpoint: Endpoint, status: str = "dead", **fields: Any) -> Delivery:
    body = b'{"type":"run.failed","data":{"title":"<b>x"}}'
    over = {
        "status": status,
        "next_at": None if status in ("dead", "delivered") else now(),
        "elapsed_ms": 40,
        "attempts": 1,
    }
    values: dict[str, Any] = {
        "workspace_id": endpoint.workspace_id,
        "kind": "run.failed",
        "body": body,
        **over,
        **fields,
    }
    return endpoint.deliveries.create(**values)


def text(page: Any) -> str:
    return page.content.decode()


def test_the_page_says_how_endpoints_do_and_what_was_sent(
    house: House, browse: Callable[[str], Client], endpoint: Endpoint
) -> None:
    dead = made(endpoint, error="refused", response_status=403, response=b"<i>no</i>\x00\xff")
    made(endpoint, "delivered", delivered_at=now())
    page = text(browse("olga").get("/deliveries"))
    assert "failing" in page and "50 %" in page and "403 refused" in page and "secret" not in page
    assert "Send a test event" not in page and "Send a test event" in text(browse("root").get("/deliveries"))
    only = text(browse("olga").get("/deliveries?view=dead&kind=run.failed"))
    assert only.count('name="delivery"') == 1 and str(dead.pk) in only
    one = text(browse("olga").get(f"/deliveries/{dead.pk}"))
    assert "Open it" not in one  # there is nothing that it tells of
    run = uuid4()
    endpoint.deliveries.filter(pk=dead.pk).update(object=run)
    assert f'href="/runs/{run}">Open it' in text(browse("olga").get(f"/deliveries/{dead.pk}"))
    other, _ = registered(house.workspace, URL + "-of-another")
    page = text(browse("olga").get("/deliveries"))
    assert all(f'aria-label="127.0.0.1:9, {short(each.pk)}"' in page for each in (endpoint, other))
    assert "&lt;b&gt;x" in one and "&lt;i&gt;no" in one and "⟨U+0000⟩" in one and "<b>x" not in one
    assert "No dead letters" in text(
        browse("olga").get(f"/deliveries?view=dead&until={now() - timedelta(days=1):%Y-%m-%dT%H:%M}")
    )
    assert browse("olga").get("/deliveries?view=x&since=x&endpoint=x&before=x").status_code == 200
    wrong = text(browse("olga").get(f"/deliveries?since=11/22/2026&until={now():%Y-%m-%d}"))
    assert "This is no time" in wrong and 'value="11/22/2026"' in wrong and wrong.count('name="delivery"') == 2
    assert "No endpoints yet" in text(browse("sam").get("/deliveries"))


def test_a_delivery_tells_of_each_attempt(house: House, browse: Callable[[str], Client], endpoint: Endpoint) -> None:
    at = now().isoformat()
    refused = {"n": 1, "at": at, "status": 500, "error": "receiver_error", "ms": 12}
    late = {"n": 3, "at": at, "status": None, "error": "timeout", "ms": 15000}
    one = made(endpoint, "pending", attempts=4, attempted_at=now(), history=[refused, late])
    page = text(browse("olga").get(f"/deliveries/{one.pk}"))
    told = [page.index(words) for words in ("Under way", "15000 ms", "none recorded", "12 ms")]
    assert told == sorted(told)
    assert "none recorded" not in text(browse("olga").get(f"/deliveries/{made(endpoint, attempts=0).pk}"))


def test_deliveries_are_sent_again_by_choice_or_by_range(
    house: House, browse: Callable[[str], Client], endpoint: Endpoint
) -> None:
    dead = [made(endpoint) for _ in range(3)]
    delivered = made(endpoint, "delivered")
    olga = browse("olga")
    answer = olga.post("/deliveries/replays", {"delivery": [dead[0].pk, "nonsense"], "view": "dead"}, follow=True)
    assert "1 delivery is on the way again" in text(answer) and answer.request["QUERY_STRING"] == "view=dead"
    assert Delivery.objects.get(pk=dead[0].pk).status == "pending"
    assert olga.post("/deliveries/replays", {"delivery": [dead[0].pk]}).status_code == 409
    assert olga.post("/deliveries/replays", {"view": "dead", "fitting": "1", "since": "today"}).status_code == 422
    span = {"since": f"{now() - timedelta(hours=1):%Y-%m-%dT%H:%M}", "until": f"{now():%Y-%m-%dT%H:%M}"}
    olga.post("/deliveries/replays", {"view": "dead", "fitting": "1", **span})
    assert set(Delivery.objects.filter(status="pending").values_list("pk", flat=True)) == {one.pk for one in dead}
    assert Delivery.objects.get(pk=delivered.pk).status == "delivered"
    assert AuditEntry.objects.filter(kind="deliveries.replayed", actor="olga").count() == 2
    sam = browse("sam")
    assert sam.post("/deliveries/replays", {"delivery": [delivered.pk]}).status_code == 409
    assert sam.post("/deliveries/replays", {"fitting": "1"}).status_code == 409


def test_admins_test_endpoints_and_switch_them(
    house: House, browse: Callable[[str], Client], endpoint: Endpoint
) -> None:
    root, path = browse("root"), f"/deliveries/endpoints/{endpoint.pk}"
    tested = root.post(path, {"action": "test"})
    assert tested["Location"] == f"/deliveries/{Delivery.objects.get(kind='endpoint.test').pk}"
    assert root.post(path, {"action": "off"}).status_code == 302
    assert "Switched off by root." in text(root.get("/deliveries"))
    assert root.post(path, {"action": "test"}).status_code == 409
    root.post(path, {"action": "on"})
    assert Endpoint.objects.get().enabled
    for name, status in (("olga", 403), ("ana", 403), ("sam", 404)):
        assert browse(name).post(path, {"action": "off"}).status_code == status
    assert Endpoint.objects.get().enabled


def test_a_page_asks_a_bounded_number_of_queries(
    house: House, browse: Callable[[str], Client], endpoint: Endpoint
) -> None:
    for _ in range(60):
        made(endpoint)
    root = browse("root")
    with CaptureQueriesContext(connection) as queries:
        first = root.get("/deliveries")
    assert len(queries) <= 13 and text(first).count('name="delivery"') == 50
    assert text(root.get(f"/deliveries{first.context['older']}")).count('name="delivery"') == 10
