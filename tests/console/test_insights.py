"""Insights: what the figures say, and that they cost the same at any size."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from agents.models import Run, ToolCall
from console.charts import HEIGHT, WIDTH, bands, columns, shares
from console.deliveries import first_id
from reviews import insights
from reviews.models import ApprovalRequest, Decision
from tests.factories import House, make_approval, make_call, make_run


def text(page: Any) -> str:
    return page.content.decode()


@contextmanager
def another_past() -> Iterator[None]:
    """Decisions never change and runs move as they may; for this story things happened otherwise."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        yield
        cursor.execute("SET session_replication_role = DEFAULT")


def test_an_empty_workspace_is_told_what_to_do(house: House, browse: Callable[[str], Client]) -> None:
    assert "Nothing to tell yet" in text(browse("olga").get("/insights"))


def test_the_figures_are_those_of_the_work(house: House, browse: Callable[[str], Client], monkeypatch: Any) -> None:
    approvals = [make_approval(house) for _ in range(5)]
    for amount, order in (70, "A-1"), (60, "B-1"):
        edited = {"amount": amount, "order": order}
        approvals[0].decide("edit", by=house.by("ben"), digest=bytes(approvals[0].digest), args=edited)
    for n, approval in enumerate(approvals[:4]):
        asked = now() - timedelta(seconds=600)
        ApprovalRequest.objects.filter(pk=approval.pk).update(created_at=asked)
        name, kind = ("ana", "approve") if n < 3 else ("ben", "reject")
        approval.decide(kind, by=house.by(name), digest=bytes(approval.digest), reason="no")
        at = asked + timedelta(seconds=[100, 101, 300, 200][n])
        ApprovalRequest.objects.filter(pk=approval.pk).update(decided_at=at)
        with another_past():
            Decision.objects.filter(approval=approval).update(created_at=at)
    ApprovalRequest.objects.filter(pk=approvals[4].pk).update(status="expired", decided_at=Now())
    with another_past():
        Run.objects.filter(approvals__in=approvals[:2]).update(status="succeeded", cost=2_000_000, finished_at=Now())
    started = now()
    ToolCall.objects.filter(approvals__in=approvals[:1]).update(
        started_at=started, finished_at=started + timedelta(seconds=2)
    )

    ApprovalRequest.objects.filter(pk=approvals[3].pk).update(subject_kind="in_doubt")  # a person told its end
    ToolCall.objects.filter(approvals=approvals[3]).update(started_at=started, finished_at=started + timedelta(hours=1))

    read = make_call(make_run(house.agent, house.olga), "find", {}, status="succeeded")
    ToolCall.objects.filter(pk=read.pk).update(finished_at=Now())

    found = insights.insights(house.workspace.pk, first_id(now() - timedelta(days=1)))
    [risk] = found.risks
    assert (risk.risk, risk.ended, risk.decided, risk.expired, risk.rejected, risk.edited) == ("medium", 5, 4, 1, 1, 1)
    assert found.arguments == [("refund", "amount", 2), ("refund", "order", 1)]
    assert (risk.median, risk.p95) == (101, 300)
    assert [(one.name, one.decisions, one.fast) for one in found.reviewers] == [("Ana", 3, 1), ("Ben", 1, 0)]
    with another_past():
        Decision.objects.filter(person=house.ana).update(batch=uuid4())
    [ana, _] = insights.insights(house.workspace.pk, first_id(now() - timedelta(days=1))).reviewers
    assert (ana.decisions, ana.goes, ana.fast) == (3, 1, 0)
    assert [(task.agent, task.runs, task.mean_cost, task.asked) for task in found.tasks] == [("desk", 2, 2_000_000, 2)]
    assert [(tool.tool, tool.calls, tool.p99) for tool in found.tools] == [("refund", 2, 2), ("find", 1, None)]
    assert sum(sum(day.values()) for day in found.days.values()) == 5
    page = text(browse("olga").get("/insights?days=7"))
    assert (
        "20%" in page
        and "25%" in page
        and "100%" in page
        and "1 m 41 s" in page
        and "1 of 5 requests" in page
        and "$2.00" in page
    )
    assert "Not timed here: <code>find</code> (1 call)" in page
    assert "Nothing to tell yet" in text(browse("sam").get("/insights?days=x"))

    monkeypatch.setattr(insights, "LATEST", 2)
    assert (
        sum(one.ended for one in insights.insights(house.workspace.pk, first_id(now() - timedelta(days=1))).risks) == 2
    )
    olga = browse("olga")
    with CaptureQueriesContext(connection) as queries:
        olga.get("/insights")
    assert len(queries) <= 14


def test_drawings_stay_inside_their_box() -> None:
    drawn = bands([(1, 10), (100, 100_000), (None, None), (0.1, 0.2)])
    assert drawn[2] is None and drawn[1] is not None and drawn[1].end == WIDTH
    assert all(band.middle <= band.end <= WIDTH for band in drawn if band)
    assert shares([4, 2, 0]) == [WIDTH, WIDTH / 2, 0] and shares([]) == [] and shares([0]) == [0]
    today = date(2026, 11, 21)
    blocks = columns({today: {"approved": 3, "expired": 1}, today - timedelta(days=40): {"approved": 9}}, today, 7)
    assert [(block.tone, block.words) for block in blocks] == [
        ("okf", "21 Nov: 3 approved"),
        ("warnf", "21 Nov: 1 expired"),
    ]
    assert all(
        block.y >= 0 and block.y + block.height <= HEIGHT + 0.01 and block.x + block.width <= WIDTH for block in blocks
    )
