"""Keys: each works where it is declared, is printed as it is, and can be renamed or switched off."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from reviews.models import ApprovalRequest
from tests.factories import make_call, make_policy, make_run, make_tool
from tests.journeys.browser import Guest
from tests.journeys.conftest import Office
from tests.product import Product

pytestmark = pytest.mark.timeout(240)

# What has been closed keeps the focus until the next frame, and a quick hand is quicker.
# Pressed while the buttons of a card rest, one says so.
TOO_EARLY = """() => {
    const actions = document.getElementById("actions"), button = actions.querySelector("button");
    actions.ariaBusy = "true";
    button.click();
    actions.ariaBusy = null;
    return button.classList.contains("early");
}"""
KEY_IN_A_CLOSED_SHEET = """key => document.querySelector("#keys-sheet button")
    .dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}))"""


@pytest.fixture
def requests(product: Product, office: Office) -> list[ApprovalRequest]:
    """Two open requests of low risk; only the web process is needed."""
    make_tool(office.workspace, "recorded")
    make_policy(office.workspace, {"name": "Ask", "effect": "ask", "tool": "recorded", "risk": "low"}, name="Shop")
    for n in (1, 2):
        make_call(make_run(office.agent, office.people["olga"], title=f"Task {n}"), "recorded", {"n": n})
    product.start("web", DEMO="0")
    return list(ApprovalRequest.objects.most_urgent_first())


def test_keys_from_loading_a_page_to_a_decision(requests: list[ApprovalRequest], come: Callable[..., Guest]) -> None:
    ana = come("ana")

    def focused() -> str:
        return str(ana.on(lambda page: page.evaluate("document.activeElement.id || document.activeElement.tagName")))

    def at(path: str) -> None:
        ana.on(lambda page: page.wait_for_url(f"**{path}"))

    ana.goes_to("/review")
    ana.sees("recorded(n: 1)", within="#detail")
    ana.on(lambda page: page.evaluate("document.activeElement.blur()"))
    ana.presses_key("a")  # the focus is nowhere: nothing is decided by a key that was meant for something else
    ana.presses_key("?")
    ana.sees("Approve", within="#keys-sheet [data-here]")
    ana.sees("Close what is open", within="#keys-sheet [data-going]")
    ana.finds_nothing_wrong()
    ana.presses_key("a")  # not through the open list either
    ana.presses_key("Escape")
    ana.on(lambda page: expect(page.locator("#keys-sheet")).to_be_hidden())
    ana.presses_key("j")
    ana.sees("recorded(n: 2)", within="#detail")
    ana.on(lambda page: page.evaluate(KEY_IN_A_CLOSED_SHEET, "k"))
    ana.sees("recorded(n: 1)", within="#detail")
    assert ana.on(lambda page: page.evaluate(TOO_EARLY))
    assert ApprovalRequest.objects.pending().count() == 2 and focused() == f"request-{requests[0].pk}"
    ana.presses_key("Shift+J")
    ana.sees("recorded(n: 2)", within="#detail")
    ana.sees("Decide 2 together", within="#queue")
    ana.presses_key("Control+a")  # both, so none
    ana.on(lambda page: expect(page.locator("[data-picked]")).to_be_hidden())
    ana.presses_key("k")
    ana.sees("recorded(n: 1)", within="#detail")

    ana.presses_key("g")
    ana.presses_key("r")
    at("/runs")
    ana.presses_key("/")
    assert focused() == "text"
    ana.on(lambda page: page.keyboard.type("ga?j"))
    assert ana.on(lambda page: page.locator("#text").input_value()) == "ga?j"

    ana.presses_key("Control+k")
    ana.sees("Review", within="#found")
    ana.finds_nothing_wrong()
    ana.on(lambda page: page.keyboard.type("task 2"))
    ana.sees("Task 2", within="#found")
    ana.does_not_see("Task 1", within="#found")
    ana.presses_key("ArrowDown")
    ana.presses_key("ArrowUp")
    ana.presses_key("Enter")
    at(f"/runs/{requests[1].run_id}")

    ana.goes_to("/profile")
    ana.fills("Approve", "u")
    ana.presses("Keep these keys")
    ana.sees("Your keys are kept")
    ana.goes_to(f"/review/{requests[0].pk}")
    assert ana.on(lambda page: page.locator('[data-key="a"] kbd').inner_text()) == "U"
    ana.on(lambda page: page.locator(f"#request-{requests[0].pk}").focus())
    ana.presses_key("j")  # what nobody renamed goes on
    ana.sees("recorded(n: 2)", within="#detail")
    ana.presses_key("k")
    ana.sees("recorded(n: 1)", within="#detail")
    ana.decides_nothing_by_accident()
    ana.on(lambda page: expect(page.locator("[data-unproven], #detail[aria-busy]")).to_have_count(0))
    ana.presses_key("a")
    ana.presses_key("u")
    ana.sees("Approved: recorded(n: 1)", within="#toasts")

    ana.goes_to("/profile")
    ana.on(lambda page: page.get_by_label("Single keys press buttons").uncheck())
    ana.presses("Keep these keys")
    ana.sees("Your keys are kept")
    ana.goes_to(f"/review/{requests[1].pk}")
    ana.on(lambda page: page.locator(f"#request-{requests[1].pk}").focus())
    for key in ("a", "y", "g", "r"):
        ana.presses_key(key)
    ana.presses_key("Control+k")
    ana.sees("Review", within="#found")
    at(f"/review/{requests[1].pk}")
    assert ApprovalRequest.objects.pending().count() == 1
