"""The list of runs, and starting one."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from agents.models import Run
from console.runs import PAGE
from tests.console.conftest import HTMX
from tests.factories import House, make_agent, make_approval, make_run
from workspaces.models import Membership


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
        ("?status=nonsense&before=x&agent__name=other", ["Broken lamp", "Lost lamp", "Broken mug"]),
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


def test_an_empty_list_says_what_to_do(house: House, browse: Callable[[str], Client]) -> None:
    assert b"Start one with the form" in browse("olga").get("/runs").content
    assert b"Show all runs" in browse("olga").get("/runs?text=nothing").content


def test_a_page_that_heard_of_a_change_gets_the_list_alone(browse: Callable[[str], Client], runs: list[Run]) -> None:
    part = browse("olga").get("/runs?status=failed", headers=HTMX)

    assert titles(part.content) == ["Broken lamp"]
    assert b"<html" not in part.content and b"Start a run" not in part.content
    assert b"<html" in browse("olga").get("/runs", headers=HTMX | {"HX-History-Restore-Request": "true"}).content


def test_a_run_says_what_it_waits_for(house: House, browse: Callable[[str], Client]) -> None:
    make_approval(house)
    make_run(house.agent, house.olga, flow="chat")
    page = browse("olga").get("/runs").content

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
    assert page.count("· scripted model".encode()) == 3


def test_the_list_costs_the_same_for_many(
    house: House, browse: Callable[[str], Client], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(30):
        make_run(house.agent, house.olga)
    olga = browse("olga")

    with django_assert_max_num_queries(10):
        olga.get("/runs")
