"""Runs in a browser: followed step by step and word by word, chosen by the dozen, and the pages around them."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from agents.models import Agent, Run, Schedule, Thread
from agents.runtime.advance import advance
from agents.scheduling import keep_schedule
from agents.starting import announce, start_in_thread
from tests.console import shop
from tests.factories import make_agent, make_policy, make_run
from tests.journeys.browser import Guest
from tests.journeys.conftest import Office
from tests.people import acting, make_member
from tests.product import Product
from workspaces import hints
from workspaces.models import Person

pytestmark = pytest.mark.timeout(480)
TRIES = 60


@pytest.fixture
def held(product: Product, office: Office) -> Run:
    """A run in a thread that waits for approval, with a second version of its agent and a schedule beside it."""
    olga = acting(office.people["olga"])
    make_member(office.workspace, "eve", "engineer")
    make_policy(office.workspace, {"name": "Ask", "effect": "ask", "tool": "shop_refund"}, name="Shop")
    chain = [{"provider": "scripted", "model": "shop"}]
    agent = make_agent(office.workspace, "shop", tools=shop.TOOLS, chain=chain, flow="shop_desk")
    agent.add_version(instructions="Be brief.", chain=chain, flow="shop_desk", activate=False)
    keep_schedule(Schedule(agent=agent, input='"Look around"', cron="0 7 * * 1"), olga)
    run = start_in_thread(olga, Thread.objects.create(workspace=office.workspace, title="Panels"), "shop", shop.TICKET)
    advance(run.pk)
    product.start("web", DEMO="0", TOOL_MODULES="tests.console.shop")
    return run


def test_runs_are_followed_and_changed(held: Run, office: Office, come: Callable[..., Guest]) -> None:
    ana = come("ana")
    its_steps_are_walked_by_keys(ana, held)
    its_model_is_heard_while_it_speaks(ana, held, office.people["olga"])
    it_is_forked_by_keys(come("eve"), held)
    many_are_changed_at_once(ana, office)
    for path in (
        f"/runs/{held.pk}?view=tree", f"/runs/{held.pk}?view=events&step=2", "/agents/shop?version=2&against=1",
        "/tools?show=writes", "/tools/shop_refund", "/threads", f"/threads/{held.thread_id}", "/schedules",
        "/schedules/new",
    ):  # fmt: skip
        ana.goes_to(path)
        ana.finds_nothing_wrong_in_any_look()


def its_steps_are_walked_by_keys(ana: Guest, run: Run) -> None:
    ana.goes_to(f"/runs/{run.pk}")
    ana.on(lambda page: page.locator("#title").click())  # which unfolds what does not fit
    ana.on(lambda page: expect(page.locator("#title")).to_have_css("-webkit-line-clamp", "none"))
    for key, seq in (("[", 3), ("[", 2), ("]", 3)):
        ana.presses_key(key)
        ana.sees(f"step {seq}", within=".ihead")
    ana.presses_key("o")
    ana.on(lambda page: page.wait_for_function("document.activeElement.closest('#inspector') !== null"))
    ana.presses_key("Space")
    ana.sees("step 4", within=".ihead")  # it plays on to the last step, and stops there
    ana.on(lambda page: expect(page.locator("[data-play][aria-pressed=false]")).to_have_count(1))
    ana.presses_key("v")
    ana.on(lambda page: page.wait_for_url("**/review/**"))


def it_is_forked_by_keys(eve: Guest, run: Run) -> None:
    eve.goes_to(f"/runs/{run.pk}?step=4")
    eve.on(lambda page: expect(page.locator("[data-row]:focus")).to_have_count(1))
    eve.presses_key("f")
    eve.on(lambda page: expect(page.locator("#fork-form [name=again]")).to_be_focused())
    eve.presses_key("Control+Enter")  # as it is printed on the button
    eve.on(lambda page: page.wait_for_url(lambda url: str(run.pk) not in url))
    eve.sees("on its own from step 4", within=".rhead")


def its_model_is_heard_while_it_speaks(ana: Guest, run: Run, by: Person) -> None:
    ana.goes_to(f"/runs/{run.pk}")
    ana.sees("Live, synced")
    hears(ana, run, position="5.0", attempt=1, offset=0, text="I look <b>into</b> ")
    hears(ana, run, position="5.0", attempt=1, offset=25, text="it now.", shown="I look <b>into</b> …it now.")
    hears(ana, run, position="5.0", attempt=2, offset=0, text="Once more.")
    assert ana.on(lambda page: page.locator("[data-stream-text]").inner_text()) == "Once more."
    ana.presses("Cancel run")
    ana.sees("1 open request is withdrawn:", within="#cancel-run")
    ana.fills("Reason", "By mistake")
    run.pause(by=acting(by))
    ana.sees("Paused", within=".rhead")  # the page was fetched again, and the turn is not committed yet
    ana.sees("Once more.", within="[data-stream]")
    assert ana.on(lambda page: page.locator("#cancel-reason").input_value()) == "By mistake"
    ana.presses("Keep it")  # it had stayed open under the hand, and nothing is cancelled
    ana.on(lambda page: expect(page.locator("#cancel-run")).to_be_hidden())


def hears(ana: Guest, run: Run, *, shown: str = "", **piece: object) -> None:
    """Said again until the page shows it: a hint may be lost, and what a page has heard twice it shows once."""
    said = json.dumps({"w": run.workspace_id, "run": str(run.pk), **piece})

    def speak(page: Page) -> bool:
        hints.publish_text(said)
        page.wait_for_timeout(250)
        return (shown or str(piece["text"]).strip()) in page.locator("[data-stream-text]").inner_text()

    assert any(ana.on(speak) for _ in range(TRIES))


def many_are_changed_at_once(ana: Guest, office: Office) -> None:
    agent = Agent.objects.select_related("active_version").get(workspace=office.workspace, name="till")
    runs = [make_run(agent, office.people["olga"], title=f"Till {n}") for n in range(3)]
    ana.goes_to("/runs?agent=till")
    ana.on(lambda page: page.locator(f"[name=run][value='{runs[0].pk}']").check())
    ana.on(lambda page: page.locator(f"[name=run][value='{runs[2].pk}']").click(modifiers=["Shift"]))
    ana.sees("3 chosen", within="#bulk")
    announce(make_run(agent, office.people["olga"], title="Till 4"))
    ana.sees("1 new run")  # the list was fetched again, and what was chosen is still chosen
    ana.sees("3 chosen", within="#bulk")
    ana.presses("Pause", within="#bulk")
    ana.sees("3 runs paused.")
    assert Run.objects.filter(agent=agent, status="paused").count() == 3
    ana.presses("Views")
    ana.fills("Save these filters as", "Of the till")
    ana.presses("Save", within="#saved-views")
    ana.sees("Of the till", within="[popovertarget=saved-views]")
