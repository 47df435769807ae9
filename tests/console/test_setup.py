"""Setup and health as /readyz tells it, and the first steps in a new workspace."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agents.models import Presence, Run
from tests.factories import House, make_approval, make_policy


def text(page: Any) -> str:
    return page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_an_engineer_sees_what_is_alive_and_what_waits(house: House, browse: Callable[[str], Client]) -> None:
    root = browse("root")
    page = text(root.get("/setup"))
    assert "Something needs attention" in page and "No worker is alive." in page and "manage.py worker" in page
    for program in ("worker", "sweep"):
        Presence.objects.create(name=f"<host>:{program}", program=program, host="host", served=["react:1"])
    approval = make_approval(house)
    page = text(root.get("/setup"))
    assert "All is well" in page and "&lt;host&gt;:worker" in page and "react:1" in page
    assert f"/review/{approval.pk}" in page and "PostgreSQL" in page
    assert "Agents with a scripted model</dt><dd>desk</dd>" in page
    assert 'Webhook overdue</dt><dd class="num">none' in page
    for name, status in (("olga", 403), ("ana", 403), ("sam", 403)):
        assert browse(name).get("/setup").status_code == status
    assert "ana cannot do this in Acme. It needs the role admin or engineer." in text(browse("ana").get("/setup"))
    with CaptureQueriesContext(connection) as queries:
        root.get("/setup")
    assert len(queries) <= 11


def test_first_steps_follow_one_request(house: House, browse: Callable[[str], Client]) -> None:
    olga, ana = browse("olga"), browse("ana")
    assert "2 of 6 done" in text(olga.get("/first-steps")) and "No agent has examples yet" in text(
        olga.get("/first-steps")
    )
    house.agent.examples = ["The <mug> broke"]
    house.agent.save(update_fields=["examples"])
    make_policy(
        house.workspace, {"name": "F", "effect": "ask", "tool": "refund", "seats": [{"count": 1, "group": "finance"}]}
    )
    page = text(olga.get("/first-steps"))
    assert "The &lt;mug&gt; broke" in page and "Send this ticket" in page and "3 of 6 done" in page

    approval = make_approval(house)
    Run.objects.filter(pk=approval.run_id).update(input='"The <mug> broke"')
    other = make_approval(house)
    page = text(olga.get("/first-steps"))
    assert "You may not decide this one" in page and "Ana, Ben may." in page and "Cleo" not in page
    assert f"/review/{approval.pk}" in page and f"/review/{other.pk}" not in page and page.count('class="done"') == 1
    assert "Look at it and decide" in text(ana.get("/first-steps"))
    assert "Waiting:" not in text(browse("sam").get("/first-steps"))
    approval.decide("reject", by=house.by("ana"), digest=bytes(approval.digest), reason="no")
    page = text(olga.get("/first-steps"))
    assert "5 of 6 done" in page and f"/runs/{approval.run_id}" in page and "You may not decide" not in page
    assert (
        "A ticket was sent" in page
        and "got this one" in page
        and "Somebody else decided" in page
        and "Rejected <time" in page
    )
    assert page.count('class="done"') == 2 and "/admin/workspaces/person/" in text(browse("root").get("/first-steps"))
    with CaptureQueriesContext(connection) as queries:
        olga.get("/first-steps")
    assert len(queries) <= 16


def test_first_steps_are_dismissed_for_oneself(house: House, browse: Callable[[str], Client]) -> None:
    olga = browse("olga")
    assert 'href="/first-steps"' in text(olga.get("/runs"))
    assert olga.post("/first-steps/dismissal", {"dismiss": "1"}).status_code == 302
    assert 'href="/first-steps"' not in text(olga.get("/runs"))
    assert 'href="/first-steps"' in text(browse("ana").get("/runs"))
    assert "Show in the menu again" in text(olga.get("/first-steps"))
    olga.post("/first-steps/dismissal", {"again": "1"})
    assert 'href="/first-steps"' in text(olga.get("/runs"))
