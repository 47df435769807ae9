"""The audit log: searched within a window, checked step by step, exported whole."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext

from console import audit as page_of_audit
from tests.factories import House, make_approval
from tests.people import make_member
from workspaces import audit
from workspaces.audit import search
from workspaces.models import AuditEntry


@pytest.fixture
def house(house: House) -> House:
    """With a few entries: some people have joined."""
    for name in ("dora", "emil", "fay", "gus", "hal"):
        make_member(house.workspace, name, "viewer")
    return house


def text(page: Any) -> str:
    return page.content.decode()


def test_entries_are_found_by_who_what_and_about(
    house: House, browse: Callable[[str], Client], monkeypatch: Any
) -> None:
    approval = make_approval(house)
    first = approval.title
    approval.comment("Half of it?", house.by("ben"))
    edit = approval.decide("edit", by=house.by("ben"), digest=bytes(approval.digest), args={"amount": 7, "order": "A"})
    assert edit.args_after
    approval.refresh_from_db()
    approval.decide("reject", by=house.by("ana"), digest=bytes(approval.digest), reason="<b>\u202eno")
    root = browse("root")
    told = [f"{one.before} {one.it}{one.after}" for one in root.get("/audit?actor=ben").context["entries"]]
    assert told == [f"edited the arguments of {first}, revision 1", f"commented on {first}"] and first != approval.title
    page = text(root.get("/audit?kind=approval.&actor=ana"))
    assert f'href="/review/{approval.pk}"' in page and "&lt;b&gt;⟨U+202E⟩no" in page
    assert page.count('scope="row"') == 1 and "approval.reject" in page
    assert "<b>Ana" in page and "rejected" in page and ", revision 2" in page
    assert "No entry fits" in text(root.get("/audit?actor=x%25")) and "No entry fits" in text(
        root.get("/audit?kind=%25")
    )
    assert text(root.get("/audit?before=x")).count('scope="row"') > 3

    monkeypatch.setattr(search, "WINDOW", 2)
    cut = root.get("/audit?kind=workspace.")
    assert "there are older ones" in text(cut)
    for _ in range(30):
        if "workspace.founded" in text(cut):
            break
        cut = root.get(f"/audit{cut.context['older']}")
    assert "workspace.founded" in text(cut)


def test_entries_are_found_by_day_and_exported_by_it(house: House, browse: Callable[[str], Client]) -> None:
    root = browse("root")
    for day in range(1, 10):
        audit.record(house.workspace.pk, None, f"story.{day}", "")
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            last = AuditEntry.objects.filter(kind=f"story.{day}")
            last.update(created_at=datetime(2030, 1, day, 23, 59, 59, tzinfo=UTC))
            cursor.execute("SET session_replication_role = DEFAULT")
    for days, kinds in {
        "since=2030-01-03&until=2030-01-05": [5, 4, 3],
        "since=2030-01-08": [9, 8],
        "since=2031-01-01": [],
        "since=2030-01-09&until=2030-01-01": [],
        "until=0001-01-01": [],
        "since=2030-01-09&until=9999-12-31": [9],
    }.items():
        page = text(root.get(f"/audit?{days}"))
        assert re.findall(r"<code>story\.(\d)", page) == [str(kind) for kind in kinds], days
    whole = text(root.get("/audit?until=2030-01-02"))
    assert "story.2" in whole and "story.3" not in whole and "workspace.founded" in whole
    assert "&amp;since=2030-01-02" in text(root.get("/audit?actor=x&since=2030-01-02"))
    wrong = text(root.get("/audit?since=01/02/2030&until=2030-01-01"))
    assert "such as 2026-11-22" in wrong and 'value="01/02/2030"' in wrong and "story.1<" in wrong
    assert "story.2" not in wrong and 'value="2030-01-01"' in wrong


def test_the_chain_is_checked_with_progress(house: House, browse: Callable[[str], Client], monkeypatch: Any) -> None:
    monkeypatch.setattr(page_of_audit, "STEP", 3)
    while audit.chain():
        pass
    total = AuditEntry.objects.filter(workspace=house.workspace).exclude(chain_seq=None).count()
    root, steps = browse("root"), 1
    page = text(root.post("/audit/verification"))
    assert f"3 of {total} entries hold so far" in page
    while "so far" in page:
        page, steps = text(root.post("/audit/verification", {"on": "1"})), steps + 1
    assert f"{total} entries hold" in page and steps == total // 3 + 1

    bad = AuditEntry.objects.get(workspace=house.workspace, chain_seq=5)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE workspaces_auditentry SET actor = 'nobody' WHERE id = %s", [bad.pk])
        cursor.execute("SET session_replication_role = DEFAULT")
    root.post("/audit/verification")
    assert "The chain is broken:" in text(root.post("/audit/verification", {"on": "1"}))
    assert not audit.verify(house.workspace.pk).is_whole and audit.verify(house.workspace.pk).bad_seq == 5


@pytest.mark.django_db(transaction=True)
def test_the_export_streams_every_entry_and_is_itself_in_the_audit(house: House, monkeypatch: Any) -> None:
    monkeypatch.setattr(page_of_audit, "CHUNK", 3)
    audit.chain()

    async def exported(name: str, query: str = "") -> tuple[int, list[dict[str, Any]]]:
        client = AsyncClient()
        await client.aforce_login(getattr(house, name))
        answer = await client.get(f"/audit/export{query}")
        if answer.status_code != 200:
            return answer.status_code, []
        parts = [part async for part in answer.streaming_content]  # type: ignore[attr-defined]
        return len(parts), [json.loads(line) for line in b"".join(parts).splitlines()]

    assert async_to_sync(exported)("root", "?since=9999-12-31")[1] == []
    parts, rows = async_to_sync(exported)("root")
    own = AuditEntry.objects.filter(workspace=house.workspace).order_by("pk")
    assert [row["id"] for row in rows] == list(own.values_list("pk", flat=True)) and parts == (len(rows) + 2) // 3
    assert rows[0]["hash"] == bytes(own[0].hash or b"").hex() and rows[-1]["kind"] == "audit.exported"
    assert {row["kind"] for row in async_to_sync(exported)("root", "?kind=member")[1]} == {"membership.changed"}
    assert async_to_sync(exported)("ana") == (403, []) and async_to_sync(exported)("sam") == (403, [])


def test_only_admins_read_it_in_a_bounded_number_of_queries(house: House, browse: Callable[[str], Client]) -> None:
    for name in ("olga", "ana", "sam"):
        assert browse(name).get("/audit").status_code == 403
        assert browse(name).post("/audit/verification").status_code == 403
    root = browse("root")
    root.get("/audit")
    with CaptureQueriesContext(connection) as queries:
        assert "Other" not in text(root.get("/audit"))
    assert len(queries) <= 11
