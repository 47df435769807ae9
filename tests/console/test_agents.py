"""Agents, their versions, and what their tools may do."""

from collections.abc import Callable

from django.test import Client

from agents.models import Run
from tests.factories import House, make_agent, make_tool


def test_agents_are_listed_with_their_versions(house: House, browse: Callable[[str], Client]) -> None:
    house.agent.add_version(tools=["find"], chain=[{"provider": "anthropic", "model": "claude"}], activate=False)
    page = browse("olga").get("/agents").content.decode()

    assert "desk" in page and "v1" in page and "Scripted model" in page


def test_a_page_says_what_each_tool_may_do(house: House, browse: Callable[[str], Client]) -> None:
    make_tool(house.workspace, "mail", reaches="outside")
    house.agent.add_version(tools=["find", "mail", "gone"], instructions="Be <b>brief</b>.")
    page = browse("olga").get("/agents/desk").content.decode()

    assert "reads" in page and "writes, unsafe to repeat" in page and "reaches outside" in page
    assert "No code for this tool is installed here." in page
    assert "Be &lt;b&gt;brief&lt;/b&gt;." in page


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
