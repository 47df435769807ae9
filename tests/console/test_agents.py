"""Agents, their versions, and what their tools may do."""

import re
from collections.abc import Callable
from datetime import timedelta

from django.db.models.functions import Now
from django.test import Client
from django.utils.timezone import now
from pytest_django import DjangoAssertNumQueries

from agents.models import Breaker, Run
from reviews.models import ApprovalRequest
from tests.factories import House, make_agent, make_approval, make_run, make_tool
from workspaces.models import AuditEntry


def test_agents_are_listed_with_their_versions(house: House, browse: Callable[[str], Client]) -> None:
    house.agent.add_version(tools=["find"], chain=[{"provider": "anthropic", "model": "claude"}], activate=False)
    for status, cost in (("succeeded", 200_000), ("failed", 0)):
        make_run(house.agent, house.olga, status=status, cost=cost)
    make_approval(house)
    rejected = make_approval(house)
    rejected.decide("reject", by=house.by("ana"), digest=bytes(rejected.digest), reason="no")
    page = re.sub(r"(<[^>]*>|\s)+", " ", browse("olga").get("/agents").content.decode())

    assert "desk" in page and "v1" in page and "Scripted model" in page
    assert (
        "4 50% of 2 ended succeeded, 1 failed 2 0% of 1 decided approved, 1 rejected, 1 open $0.200 $0.050 a run"
        in page
    ), page


def test_a_page_says_what_each_tool_may_do(house: House, browse: Callable[[str], Client]) -> None:
    make_tool(house.workspace, "mail", reaches="outside")
    chain = [{"provider": "anthropic", "model": "of-our-own"}]
    house.agent.add_version(tools=["find", "mail", "gone"], instructions="Be <b>brief</b>.", chain=chain)
    later = now() + timedelta(minutes=1)
    Breaker.objects.create(workspace=house.workspace, tool="mail", failures=6, last_error="<i>no", open_until=later)
    page = browse("olga").get("/agents/desk").content.decode()

    assert "reads" in page and "writes, unsafe to repeat" in page and "reaches outside" in page
    assert "No code for this tool is installed here." in page
    assert "Be &lt;b&gt;brief&lt;/b&gt;." in page
    assert "Not held: of-our-own has no known price" in page
    assert page.count("left alone after 6 failures") == 1 and 'title="&lt;i&gt;no"' in page


def test_an_older_version_is_one_address_away(house: House, browse: Callable[[str], Client]) -> None:
    house.agent.add_version(instructions="Newer")
    olga = browse("olga")

    assert "Newer" in olga.get("/agents/desk").content.decode()
    assert "Newer" not in olga.get("/agents/desk?version=1").content.decode()
    assert "Newer" in olga.get("/agents/desk?version=99").content.decode()


def test_a_name_with_a_slash_has_a_page(house: House, browse: Callable[[str], Client]) -> None:
    make_agent(house.workspace, "imported/file.jsonl")

    assert browse("olga").get("/agents/imported/file.jsonl").status_code == 200
    assert browse("olga").get("/agents/nobody").status_code == 404
    assert browse("olga").get("/agents/%00").status_code == 404


def test_latest_runs_are_beside_it(waiting: Run, browse: Callable[[str], Client]) -> None:
    page = browse("olga").get("/agents/shop").content.decode()

    assert f"/runs/{waiting.pk}" in page and "Waiting for approval" in page
    assert "1 still open, none decided yet." in page and "Nobody was asked" not in page
    asked = ApprovalRequest.objects.filter(run=waiting)
    for subject, words, share in (
        ("question", "Question answered", "1 of 1"),
        ("tool_call", "Answered instead", "1 of 1"),
    ):
        asked.update(status="answered", decided_at=Now(), effective_at=Now(), subject_kind=subject)
        page = browse("olga").get("/agents/shop").content.decode()
        assert words in page and share in page
    asked.update(subject_kind="in_doubt")  # it did not ask, and nobody answered in its place
    assert "1 of 1" not in browse("olga").get("/agents/shop").content.decode()


def test_a_version_is_compared_promoted_and_rolled_back(house: House, browse: Callable[[str], Client]) -> None:
    house.agent.add_version(instructions="Be <b>brief</b>.", tools=["find"], max_steps=20, activate=False)
    root, olga = browse("root"), browse("olga")
    page = root.get("/agents/desk?version=2&against=1").content.decode()
    assert "+Be &lt;b&gt;brief&lt;/b&gt;." in page and "-refund" in page and "+max_steps: 20" in page
    assert "Promote" in page and "Promote" not in olga.get("/agents/desk?version=2").content.decode()

    wanted = {"agent": "desk", "version": 2, "instead_of": 1}
    assert olga.post("/activations", wanted).status_code == 403
    assert root.post("/activations", wanted).status_code == 302
    assert "Roll back" in root.get("/agents/desk?version=1").content.decode()
    house.agent.refresh_from_db()
    assert house.agent.active_version and house.agent.active_version.number == 2
    late = root.post("/activations", wanted)
    assert late.status_code == 409 and b"version 2 is active now" in late.content
    assert root.post("/activations", {"agent": "desk", "version": 1, "instead_of": 2}).status_code == 302
    assert AuditEntry.objects.filter(kind="agent.activated").count() == 2
    for wrong in ({"agent": "desk"}, {"agent": "desk", "version": "x"}):
        assert root.post("/activations", wrong).status_code == 422
    assert root.post("/activations", {"agent": "desk", "version": 9}).status_code == 404
    assert browse("sam").post("/activations", wanted).status_code == 404


def test_what_became_of_its_runs_is_counted(
    house: House, browse: Callable[[str], Client], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(6):
        failed = {"status": "failed", "error": {"type": "timeout" if n else "max_cost", "message": "x"}}
        make_run(house.agent, house.olga, cost=2_000_000, **(failed if n < 4 else {"status": "succeeded"}))
    approval = make_approval(house)
    args = {"amount": 70, "order": "A-1"}
    approval.decide("edit", by=house.by("ana"), digest=bytes(approval.digest), args=args, reason="less")
    approval.refresh_from_db()
    approval.decide("reject", by=house.by("ben"), digest=bytes(approval.digest), reason="no")
    olga = browse("olga")
    with django_assert_max_num_queries(22):
        page = olga.get("/agents/desk").content.decode()
    words = " ".join(re.sub(r"<[^>]*>", " ", page).split())

    assert "Its last 7 runs $12.00 in all, $1.71 each" in words
    assert "Succeeded 33% 2 of 6 Failed 67% 4 of 6" in words
    assert (
        "Rejected 100% 1 of 1 Answered instead 0% 0 of 1 Expired 0% 0 of 1 Of the decided, edited first 100% 1 of 1"
        in words
    )
    assert "Timeout 75% 3 of 4 Max_cost 25% 1 of 4" in words
