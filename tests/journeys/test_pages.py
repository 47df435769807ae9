"""Every page in both themes, wide and narrow: no rule of accessibility broken, nothing wider than the screen."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from agents.models import Run, ToolCall
from agents.runtime.advance import advance
from agents.starting import start_run
from reviews.models import ApprovalRequest
from tests.console import shop
from tests.factories import make_agent, make_call, make_policy, make_run, make_tool
from tests.journeys.browser import NARROW, Guest
from tests.journeys.conftest import Office
from tests.people import acting
from tests.product import Product
from workspaces.models import Person

pytestmark = pytest.mark.timeout(480)


@pytest.fixture
def waiting(product: Product, office: Office) -> Run:
    """A run with an open request, made by hand; only the web process is needed to look at it."""
    make_tool(office.workspace, "recorded")
    make_policy(office.workspace, {"name": "Ask", "effect": "ask", "tool": "shop_refund", "risk": "high"}, name="Shop")
    chain = [{"provider": "scripted", "model": "shop"}]
    make_agent(office.workspace, "shop", tools=shop.TOOLS, chain=chain, flow="shop_desk")
    run = start_run(acting(office.people["olga"]), "shop", shop.TICKET)
    advance(run.pk)
    product.start("web", DEMO="0", TOOL_MODULES="tests.console.shop")
    return run


def a_question(office: Office) -> ApprovalRequest:
    call = make_call(
        make_run(office.agent, office.people["olga"]), "question", {"text": "Which?", "options": ["a", "b"]}
    )
    return ApprovalRequest.objects.get(tool_call=call)


def some_alike(office: Office) -> list[ApprovalRequest]:
    """Two of a kind, of which one has a remark, a claim, an edit and a comment."""
    calls = [
        make_call(make_run(office.agent, office.people["olga"]), "recorded", {"to": to, "n": 1})
        for to in ("paypal.com", "pаypal.com")
    ]
    first, second = (ApprovalRequest.objects.get(tool_call=call) for call in calls)
    second.claim(acting(office.people["cleo"]))
    second.comment("Look at this one", acting(office.people["cleo"]))
    args = {"to": "paypal.com/" + "%41%42%43%44", "n": 100_000}
    first.decide("edit", by=acting(office.people["cleo"]), digest=bytes(first.digest), args=args)
    return [first, second]


def a_doubt(office: Office) -> ApprovalRequest:
    run = make_run(office.agent, office.people["olga"])
    call = make_call(run, "recorded", {"deep": {"er": [1]}}, status="in_doubt", why="Gone.", report={"x": 1})
    return ApprovalRequest.objects.get(tool_call=call)


def test_every_page_can_be_used_by_everybody(waiting: Run, office: Office, come: Callable[..., Guest]) -> None:
    request, call = ApprovalRequest.objects.get(), ToolCall.objects.get(tool="shop_refund")
    question, doubt, alike = a_question(office), a_doubt(office), some_alike(office)
    stranger, ana = come(), come("ana")
    for path in ("/sign-in", "/sign-in/wrong"):
        stranger.goes_to(path)
        stranger.finds_nothing_wrong_in_any_look()
    for path in (
        "/review", f"/review/{request.pk}", f"/review/{request.pk}?edit", f"/review/{request.pk}?args=json",
        f"/review/{question.pk}", f"/review/{doubt.pk}", "/review?view=decided", "/review?view=open&tool=none",
        f"/review/batch?item={alike[0].pk}&item={alike[1].pk}&item={request.pk}", "/review/batch",
        f"/review/{alike[0].pk}", f"/review/{request.pk}/record", "/runs", "/runs?text=nothing",
        f"/runs/{waiting.pk}", f"/runs/{waiting.pk}?step=4&part=state", f"/runs/{waiting.pk}?view=messages&part=json",
        f"/runs/{waiting.pk}?view=calls&call={call.pk}", "/agents", "/agents/shop", "/agents/nobody",
    ):  # fmt: skip
        ana.goes_to(path)
        ana.finds_nothing_wrong_in_any_look()
    panels_that_open(ana, request)
    what_a_telephone_folds(ana, f"/review/batch?item={alike[0].pk}&item={alike[1].pk}")


def what_a_telephone_folds(ana: Guest, batch: str) -> None:
    ana.goes_to("/runs")
    ana.presses("Start a run")
    ana.fills("Task", " ")
    ana.finds_nothing_wrong()
    ana.presses("Start", within="#start")
    ana.sees("This field is required.", within="#start")
    ana.finds_nothing_wrong()
    ana.goes_to(batch)
    beyond = "document.querySelector('.scroll').scrollWidth - document.querySelector('.scroll').clientWidth"
    assert ana.on(lambda page: page.evaluate(beyond)) == 0


def panels_that_open(ana: Guest, request: ApprovalRequest) -> None:
    ana.looks(NARROW, "dark")
    ana.goes_to(f"/review/{request.pk}")
    ana.presses("Reject")
    ana.sees("Reason (the agent reads it)")
    ana.finds_nothing_wrong()
    ana.goes_to("/runs")
    ana.presses("Menu")
    ana.sees("Live", within="#rail")
    ana.finds_nothing_wrong()


def test_a_card_lets_nothing_happen_by_accident(waiting: Run, come: Callable[..., Guest]) -> None:
    ana, request = come("ana"), ApprovalRequest.objects.get()
    words_of_the_agent_do_nothing(ana, request, waiting)
    what_a_decision_asks_opens_above_its_bar(ana, request)
    buttons_that_have_just_changed_do_nothing(ana, request)
    a_page_without_a_connection_says_so(ana)
    signing_out_closes_the_other_pages(ana)


def words_of_the_agent_do_nothing(ana: Guest, request: ApprovalRequest, run: Run) -> None:
    asked: list[str] = []
    ana.on(lambda page: page.on("request", lambda request: asked.append(request.url)))
    for path in (f"/review/{request.pk}", f"/review/{request.pk}?edit", f"/runs/{run.pk}?view=messages&part=messages"):
        ana.goes_to(path)
        ana.sees("⟨U+200B⟩hidden")

    addresses = {address.partition("?")[0].removeprefix(ana.url) for address in asked if "/static/" not in address}
    assert addresses <= {f"/review/{request.pk}", f"/runs/{run.pk}", "/review", "/live", "/counts"}
    assert ana.on(lambda page: page.locator("img, script:not([src]), [style], [onerror]").count()) == 0


def what_a_decision_asks_opens_above_its_bar(ana: Guest, request: ApprovalRequest) -> None:
    ana.goes_to(f"/review/{request.pk}")
    ana.presses("Reject")
    bar, sheet = (ana.on(lambda page, of=of: page.locator(of).bounding_box()) for of in ("#actions", "#ask-reject"))
    assert bar and sheet and bar["x"] <= sheet["x"] < bar["x"] + 40
    assert 0 <= bar["y"] - (sheet["y"] + sheet["height"]) < 40


def buttons_that_have_just_changed_do_nothing(ana: Guest, request: ApprovalRequest) -> None:
    ana.goes_to(f"/review/{request.pk}")
    ana.on(lambda page: page.evaluate("document.getElementById('actions').setAttribute('aria-busy', 'true')"))
    ana.presses("Approve")
    assert ana.on(lambda page: page.locator(":popover-open").count()) == 0
    ana.on(lambda page: page.evaluate("document.getElementById('actions').removeAttribute('aria-busy')"))
    ana.presses("Approve")
    ana.sees("Exactly these arguments run")


def a_page_without_a_connection_says_so(ana: Guest) -> None:
    ana.goes_to("/review")
    ana.sees("Live, synced")
    ana.on(lambda page: page.context.set_offline(True))
    ana.sees("Nothing can be decided or written until")
    ana.on(lambda page: page.context.set_offline(False))
    ana.sees("Live, synced")


def signing_out_closes_the_other_pages(ana: Guest) -> None:
    ana.goes_to("/runs")
    ana.sees("Live, synced")
    other: Any = ana.on(lambda page: page.context.new_page())
    ana.on(lambda page: other.goto(ana.url + "/agents"))
    ana.on(lambda page: other.get_by_role("button", name="Sign out").click())

    ana.on(lambda page: page.wait_for_url("**/sign-in?next=/runs&ended"))


def test_the_queue_is_worked_through(waiting: Run, office: Office, come: Callable[..., Guest]) -> None:
    approval, ana = ApprovalRequest.objects.get(), come("ana")
    it_is_worked_through_by_keys(ana, a_question(office))
    first, second, third = (recorded(office, n) for n in (1, 2, 3))
    after_a_decision_the_next_request_has_the_focus(ana, first, second)
    a_decision_is_answered_whole_though_its_hint_comes_first(ana, third)
    a_card_tells_what_others_did_meanwhile(ana, approval, office.people["cleo"])


def recorded(office: Office, n: int) -> ApprovalRequest:
    run = make_run(office.agent, office.people["olga"])
    return ApprovalRequest.objects.get(tool_call=make_call(run, "recorded", {"n": n}))


def it_is_worked_through_by_keys(ana: Guest, question: ApprovalRequest) -> None:
    ana.goes_to("/review")
    first, second = (str(pk) for pk in ApprovalRequest.objects.most_urgent_first().values_list("pk", flat=True))
    assert second == str(question.pk)
    ana.on(lambda page: page.locator(f"#request-{first}").focus())
    ana.presses_key("j")
    ana.sees("The agent asks")
    ana.presses_key("k")
    ana.sees("Why the agent wants this")
    ana.decides_nothing_by_accident()
    ana.presses_key("a")  # high risk: the key only opens the summary
    ana.sees("Exactly these arguments run")
    assert ApprovalRequest.objects.pending().count() == 2


def after_a_decision_the_next_request_has_the_focus(
    ana: Guest, first: ApprovalRequest, second: ApprovalRequest
) -> None:
    ana.goes_to(f"/review/{first.pk}")
    ana.on(lambda page: page.locator(f"#request-{first.pk}").focus())
    ana.presses_key("a")
    ana.sees("Approved: recorded(n: 1)", within="#toasts")

    ana.on(lambda page: expect(page.locator(f"#request-{second.pk}")).to_be_focused())
    ana.sees("recorded(n: 2)", within=".dhead")
    first.refresh_from_db()
    assert first.status == "approved"


def a_decision_is_answered_whole_though_its_hint_comes_first(ana: Guest, approval: ApprovalRequest) -> None:
    def late(route: Route) -> None:
        answer = route.fetch()
        route.request.frame.page.locator(f"#request-{approval.pk}.gone").wait_for()
        route.fulfill(response=answer)

    ana.goes_to(f"/review/{approval.pk}")
    ana.sees("Live, synced")
    ana.on(lambda page: page.route("**/decisions", late))
    ana.presses("Approve", within="#actions")
    ana.sees("Approved: recorded(n: 3)", within="#toasts")
    ana.on(lambda page: page.unroute("**/decisions"))


def a_card_tells_what_others_did_meanwhile(ana: Guest, approval: ApprovalRequest, other: Person) -> None:
    ana.goes_to(f"/review/{approval.pk}?edit")
    ana.fills("order", "typed by ana")
    approval.decide("reject", by=acting(other), digest=bytes(approval.digest), reason="no")

    ana.sees("Cleo rejected this.", within="#changes")
    ana.sees("There is nothing left to decide here.", within="#actions")
    ana.sees("This edit can no longer be saved.", within="#arguments")
    assert ana.on(lambda page: page.get_by_label("order", exact=True).input_value()) == "typed by ana"
    ana.follows("Show it as it is now")
    ana.sees("Rejected", within=".dhead")
