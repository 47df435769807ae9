"""The list of runs, and starting one."""

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils.timezone import now
from pytest_django import DjangoAssertNumQueries

import console.counts
from agents.models import Run
from agents.tools.question import QUESTION
from console import run_filters
from console.runs import PAGE
from tests.console.conftest import HTMX
from tests.factories import House, make_agent, make_approval, make_call, make_run
from tracing.models import Span
from workspaces.models import AuditEntry, Membership, Workspace


def titles(page: bytes) -> list[str]:
    """The titles that a list shows, in order."""
    return re.findall(r'<b class="cut">(.*?)</b><small', page.decode())


@pytest.fixture
def runs(house: House) -> list[Run]:
    other = make_agent(house.workspace, "other")
    return [
        make_run(house.agent, house.olga, title="Broken mug"),
        make_run(other, house.olga, title="Lost lamp", status="succeeded"),
        make_run(house.agent, house.root, title="Broken lamp", status="failed"),
    ]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("", ["Broken lamp", "Lost lamp", "Broken mug"]),
        ("?status=waiting", ["Broken mug"]),
        ("?status=failed", ["Broken lamp"]),
        ("?agent=other", ["Lost lamp"]),
        ("?text=broken", ["Broken lamp", "Broken mug"]),
        ("?text=broken&status=failed&agent=desk", ["Broken lamp"]),
        ("?text=%25", []),
        ("?who=root", ["Broken lamp"]),
        ("?who=ana", []),
        ("?started=1h&who=olga", ["Lost lamp", "Broken mug"]),
        ("?until=2020-01-01", []),
        ("?since=2020-01-01&text=lost", ["Lost lamp"]),
        ("?since=9999-12-31", []),
        (
            "?status=nonsense&since=never&started=x&before=x&agent__name=other",
            ["Broken lamp", "Lost lamp", "Broken mug"],
        ),
    ],
)
def test_filters_stand_in_the_address(
    browse: Callable[[str], Client], runs: list[Run], filters: str, expected: list[str]
) -> None:
    assert titles(browse("olga").get(f"/runs{filters}").content) == expected


def test_older_runs_are_on_the_next_page(house: House, browse: Callable[[str], Client]) -> None:
    for n in range(PAGE + 3):
        make_run(house.agent, house.olga, title=f"run {n}")
    client = browse("olga")
    first = client.get("/runs")
    following = client.get(f"/runs{first.context['older']}")

    assert titles(first.content) == [f"run {n}" for n in range(PAGE + 2, 2, -1)]
    assert titles(following.content) == ["run 2", "run 1", "run 0"]
    assert following.context["older"] == ""


def test_an_open_list_does_not_move_when_runs_are_added(house: House, browse: Callable[[str], Client]) -> None:
    first = make_run(house.agent, house.olga, title="first")
    client = browse("olga")
    here = client.get("/runs?who=olga").context["here"]
    make_run(house.agent, house.olga, title="second")
    make_run(house.agent, house.root, title="of somebody else")
    Run.objects.filter(pk=first.pk).update(status="queued")
    page = client.get(f"/runs{here}", headers=HTMX).content

    assert titles(page) == ["first"] and b"Queued</span>" in page
    assert b"1 new run</a>" in page and b'href="/runs?who=olga"' in page
    assert titles(client.get("/runs?who=olga").content) == ["second", "first"]


def test_a_row_tells_work_from_waiting(house: House, browse: Callable[[str], Client]) -> None:
    ended = now()
    run = make_run(house.agent, house.olga, status="succeeded", finished_at=ended, cost=1_500_000)
    Run.objects.filter(pk=run.pk).update(created_at=ended - timedelta(minutes=10))
    for number, (kind, start, end) in enumerate([("model", 600, 570), ("tool", 580, 560), ("agent", 600, 0)]):
        began, finished = (ended - timedelta(seconds=seconds) for seconds in (start, end))
        Span.objects.create(
            workspace=house.workspace, trace_id=run.pk, span_id=number, run_id=run.pk,
            started_at=began, finished_at=finished, kind=kind, name="x",
        )  # fmt: skip
    page = browse("olga").get("/runs").content.decode()

    assert "40 s<small>9 m 20 s waiting</small>" in page
    assert ">$1.50</span>" in page


def test_a_run_that_cost_nothing_is_told_from_one_whose_price_nobody_knows(
    house: House, browse: Callable[[str], Client]
) -> None:
    for provider, said in (("scripted", ">$0.00<"), ("openai", ">unknown<")):
        agent = make_agent(house.workspace, provider, chain=[{"provider": provider, "model": "x"}])
        run = make_run(agent, house.olga, title=provider, tokens=7)
        assert said in browse("olga").get(f"/runs?agent={provider}").content.decode()
        assert said.rstrip("<") in browse("olga").get(f"/runs/{run.pk}").content.decode()


def test_chosen_runs_are_changed_each_on_its_own(house: House, browse: Callable[[str], Client]) -> None:
    open_run, ended = make_run(house.agent, house.olga), make_run(house.agent, title="Old", status="succeeded")
    foreign = make_run(make_agent(Workspace.objects.of(house.sam).get()), title="Sam's")
    chosen, olga = [open_run.pk, ended.pk, foreign.pk, uuid4(), open_run.pk], browse("olga")

    page = olga.post("/runs/changes?who=olga", {"action": "pause", "run": chosen}).content.decode()
    open_run.refresh_from_db()
    assert open_run.status == "paused" and "1 run paused, 3 not:" in page
    assert "This run has already succeeded and cannot be paused." in page and "Sam" not in page
    assert page.count("There is no such run here.") == 2
    assert "1 run resumed." in olga.post("/runs/changes", {"action": "resume", "run": chosen[:1]}).content.decode()
    make_call(open_run)
    wish = {"action": "cancel", "run": chosen[:1], "reason": "by mistake"}
    done = olga.post("/runs/changes", wish, headers=HTMX).content.decode()
    assert "1 run asked to end, 1 open request withdrawn with it." in done
    open_run.refresh_from_db()
    assert open_run.cancel_requested_at and open_run.cancel_reason == "by mistake"
    assert AuditEntry.objects.filter(kind__in=["run.pause", "run.resumption", "run.cancellation"]).count() == 3


def test_what_cannot_be_changed_at_once_is_refused(house: House, browse: Callable[[str], Client]) -> None:
    run, olga = make_run(house.agent, house.olga), browse("olga")
    for wrong in ({"action": "delete", "run": [run.pk]}, {"action": "pause"}, {"action": "pause", "run": ["x"]}):
        assert olga.post("/runs/changes", wrong).status_code == 422
    assert olga.post("/runs/changes", {"action": "pause", "run": [uuid4() for _ in range(101)]}).status_code == 422
    Membership.objects.get(person=house.olga).change(roles=["viewer"], groups=[], by=None)
    assert olga.post("/runs/changes", {"action": "pause", "run": [run.pk]}).status_code == 403
    assert b'id="bulk"' not in olga.get("/runs").content
    run.refresh_from_db()
    assert run.status == "waiting"


def test_each_view_is_counted_with_the_other_filters(
    browse: Callable[[str], Client], runs: list[Run], house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def counts(query: str) -> dict[str, str]:
        views = browse("olga").get(f"/runs{query}").context["views"]
        return {view["name"]: view["count"] for view in views if view["count"] != "0"}

    every = {"all": "3", "waiting": "1", "succeeded": "1", "failed": "1"}
    assert counts("") == counts("?status=failed") == counts("?started=1h") == every
    assert counts("?until=2020-01-01") == counts("?agent=other") == {} and counts("?text=broken") == {"waiting": "1"}
    make_run(house.agent, house.olga, status="failed")
    for module in (console.counts, run_filters):
        monkeypatch.setattr(module, "LIMIT", 1)
    assert counts("") == every | {"all": "1+", "failed": "1+"}


def test_an_empty_list_says_what_to_do(house: House, browse: Callable[[str], Client]) -> None:
    assert b"Start one with the button" in browse("olga").get("/runs").content
    unread = browse("olga").get("/runs?since=22.11.2026").content
    assert b"This is no day" in unread and b"That filter is left out." in unread and b'value="22.11.2026"' in unread
    assert b"Show all runs" in browse("olga").get("/runs?text=nothing").content


def test_a_page_that_heard_of_a_change_gets_the_list_alone(browse: Callable[[str], Client], runs: list[Run]) -> None:
    part = browse("olga").get("/runs?status=failed", headers=HTMX)

    assert titles(part.content) == ["Broken lamp"]
    assert b"<html" not in part.content and b"Start a run" not in part.content
    assert b"<html" in browse("olga").get("/runs", headers=HTMX | {"HX-History-Restore-Request": "true"}).content


def test_a_run_says_what_it_waits_for(house: House, browse: Callable[[str], Client]) -> None:
    make_approval(house)
    make_approval(house, QUESTION, {"text": "Is it?"})
    make_run(house.agent, house.olga, flow="chat")
    for ended in ("denied", "rejected", "answered"):
        make_call(make_run(house.agent, house.olga, status="succeeded"), status=ended)
    make_call(make_run(house.agent, house.olga, status="succeeded"), QUESTION, {"text": "Is it?"}, status="answered")
    page = browse("olga").get("/runs").content
    assert page.count(b"Waiting for an answer") == page.count(b">Succeeded</span>") == 1
    for words in (b"denied", b"rejected", b"answered instead"):
        assert page.count(b"Succeeded, a call " + words) == 1

    assert page.count(b"Waiting for approval") == 1
    assert page.count(b"Waiting for a message") == 1


def test_an_operator_starts_a_run(house: House, browse: Callable[[str], Client]) -> None:
    answer = browse("olga").post("/runs", {"agent": "desk", "input": "Two\r\nlines"})
    run = Run.objects.get()

    assert (answer.status_code, answer["Location"]) == (302, f"/runs/{run.pk}")
    assert (run.input, run.title, run.started_by) == ('"Two\\nlines"', "Two", house.olga)


def test_a_viewer_starts_nothing(house: House, browse: Callable[[str], Client]) -> None:
    Membership.objects.get(person=house.olga).change(roles=["viewer"], groups=[], by=None)
    olga = browse("olga")

    assert b"Start a run" not in olga.get("/runs").content
    assert olga.post("/runs", {"agent": "desk", "input": "x"}).status_code == 403
    assert not Run.objects.exists()


def test_what_cannot_be_started_is_refused(house: House, browse: Callable[[str], Client]) -> None:
    olga = browse("olga")

    assert olga.post("/runs", {"agent": "nobody", "input": "x"}).status_code == 404
    assert olga.post("/runs", {"agent": "desk", "input": " "}).status_code == 422
    assert olga.post("/runs", {"agent": "desk", "input": "\x00"}).status_code == 422
    assert not Run.objects.exists()


def test_a_scripted_model_is_called_one(browse: Callable[[str], Client], runs: list[Run]) -> None:
    page = browse("olga").get("/runs").content

    assert b"desk (scripted model)" in page
    assert re.findall(r"<code>(\w+)</code> · (?:desk|other) v1", page.decode()) == [
        str(run.pk)[-6:] for run in reversed(runs)
    ]


def test_the_list_costs_the_same_for_many(
    house: House, browse: Callable[[str], Client], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(30):
        make_run(house.agent, house.olga)
    olga = browse("olga")

    with django_assert_max_num_queries(12):
        olga.get("/runs")
