"""A day at the review desk: what others do is seen at once, and nothing moves under the reader's hand."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Route, expect

from agents.models import ToolCall
from reviews.models import ApprovalRequest
from tests.factories import make_call, make_policy, make_run, make_tool
from tests.journeys.browser import Guest
from tests.journeys.conftest import Office
from tests.journeys.keyboard import FEW, Desk, comes_out_as_laid_out, laid_out
from tests.people import acting
from tests.product import Product
from workspaces.principal import Principal

pytestmark = pytest.mark.timeout(240)
NOTE = {"type": "object", "properties": {"note": {"type": "string"}, "n": {"type": "integer"}}}


@pytest.fixture
def ask(product: Product, office: Office) -> Callable[..., ApprovalRequest]:
    """`ask(7)`: a request with that number; `ask(7, "grave")`: of high risk."""
    for name in ("plain", "grave", "late", "soon"):
        make_tool(office.workspace, name, schema=NOTE)
    high = {"name": "High", "effect": "ask", "tool": "grave", "risk": "high"}
    undone = [
        {"name": name, "effect": "ask", "tool": name, "undo_seconds": n} for name, n in (("late", 60), ("soon", 3))
    ]
    make_policy(office.workspace, high, *undone, name="Risk")
    product.start("web", DEMO="0")

    def ask(n: int, tool: str = "plain", **args: Any) -> ApprovalRequest:
        call: ToolCall = make_call(make_run(office.agent, office.people["olga"]), tool, {"n": n, **args})
        return ApprovalRequest.objects.get(tool_call=call)

    return ask


def rows(guest: Guest) -> list[str]:
    found: list[str] = guest.on(lambda page: page.locator("[data-row] > b").all_inner_texts())
    return found


def test_a_day_at_the_desk(office: Office, ask: Callable[..., ApprovalRequest], come: Callable[..., Guest]) -> None:
    ana, cleo = come("ana"), acting(office.people["cleo"])
    nothing_moves_under_the_reader(ana, cleo, ask)
    high_risk_takes_reading_and_two_hands(ana, ask)
    what_is_taken_back_is_the_current_one_again(ana, cleo, ask)
    what_was_typed_stays_and_a_stale_page_decides_nothing(ana, cleo, ask)
    far, other, approval = ask(5), ask(6), ask(7)
    what_is_asked_of_a_card_ends_the_loading_of_another(ana, far)
    nothing_is_decided_while_another_is_loaded(ana, approval, far)
    the_next_card_is_there_already_and_is_proven_before_it_is_decided(ana, cleo, other, approval)
    for other in ApprovalRequest.objects.pending():
        other.decide("reject", by=cleo, digest=bytes(other.digest), reason="no")
    requests = laid_out(office, FEW)
    Desk(ana).works_through(requests)
    comes_out_as_laid_out(requests, by=office.people["ana"])


def nothing_moves_under_the_reader(ana: Guest, cleo: Principal, ask: Callable[..., ApprovalRequest]) -> None:
    first, second = ask(1), ask(2)
    ana.goes_to(f"/review/{second.pk}")
    ana.sees("2 of 2")
    ana.sees("Live, synced")
    ask(3, "grave")
    ana.sees("1 new, 1 high risk")
    second.claim(cleo)
    ana.sees("Cleo has claimed this", within="#claim")
    ana.on(lambda page: expect(page.locator(f"#request-{second.pk} .av")).to_be_visible())
    second.comment("I know this customer", cleo)
    ana.sees("I know this customer", within="#comments")
    first.decide("reject", by=cleo, digest=bytes(first.digest), reason="no")
    ana.sees("no longer here", within=f"#request-{first.pk}")
    assert rows(ana) == ["plain(n: 1)", "plain(n: 2)"]
    ana.sees("1 of 1")
    ana.sees("2 items", within=".filter")

    ana.presses("1 new")
    ana.on(lambda page: expect(page.locator("[data-row] > b").first).to_have_text("grave(n: 3)"))
    assert rows(ana) == ["grave(n: 3)", "plain(n: 2)"]
    ana.on(lambda page: page.locator(f"#request-{second.pk}").focus())
    ana.presses_key("Shift+C")
    ana.sees("Claimed by you", within="#claim")
    ana.finds_nothing_wrong()


def what_is_taken_back_is_the_current_one_again(
    ana: Guest, cleo: Principal, ask: Callable[..., ApprovalRequest]
) -> None:
    asked = [ask(21, "late"), ask(22, "soon"), ask(23)]
    ana.goes_to(f"/review/{asked[0].pk}")
    ana.sees("Live, synced")
    ana.on(lambda page: page.locator(f"#request-{asked[0].pk}").focus())
    ana.decides_nothing_by_accident()
    ana.presses_key("a")
    ana.sees("Approved: late(n: 21)", within="#toasts")
    ana.on(lambda page: expect(page.locator(f"#request-{asked[0].pk}")).to_have_count(0))
    ana.presses_key("z")
    ana.sees("Taken back", within="#toasts")
    ana.on(lambda page: expect(page.locator(f"#request-{asked[0].pk}")).to_be_focused())
    current = ana.on(
        lambda page: page.locator("[data-row][aria-current=true]").evaluate_all("all => all.map(one => one.id)")
    )
    assert current == [f"request-{asked[0].pk}"]

    ana.follows("soon(n: 22)", within="#queue")
    ana.sees("soon(n: 22)", within=".dhead")
    ana.decides_nothing_by_accident()
    ana.presses("Approve", within="#actions")
    ana.on(lambda page: expect(page.locator("#toasts form")).to_be_visible())
    ana.on(lambda page: expect(page.locator("#toasts form")).to_have_count(0))
    for other in ApprovalRequest.objects.pending():
        other.decide("reject", by=cleo, digest=bytes(other.digest), reason="no")


def what_was_typed_stays_and_a_stale_page_decides_nothing(
    ana: Guest, cleo: Principal, ask: Callable[..., ApprovalRequest]
) -> None:
    approval = ask(1)
    ana.goes_to(f"/review/{approval.pk}")
    ana.sees("Live, synced")
    ana.presses("Reject", within="#actions")
    ana.fills("Reason (the agent reads it)", "Ask the customer first")
    Session.objects.all().delete()
    ana.on(lambda page: page.wait_for_url(lambda url: "/sign-in" in url))
    ana.sees("Your session has ended.")
    ana.fills("Login name", "ana")
    ana.fills("Password", "a long password")
    ana.presses("Sign in")
    ana.sees("Live, synced")
    ana.presses("Reject", within="#actions")
    typed = ana.on(lambda page: page.get_by_label("Reason (the agent reads it)").input_value())
    assert typed == "Ask the customer first"

    ana.on(lambda page: page.context.set_offline(True))
    ana.on(lambda page: expect(page.locator("#actions .btn[aria-disabled=true]").first).to_be_visible())
    ana.on(lambda page: page.locator("#ask-reject .btn.no").click(force=True))
    approval.decide("edit", by=cleo, digest=bytes(approval.digest), args={"n": 2})
    ana.on(lambda page: page.context.set_offline(False))
    ana.sees("Cleo changed n from 1 to 2: plain(n: 2).", within="#changes")
    ana.on(lambda page: expect(page.locator(".dhead h1")).to_have_css("text-decoration-line", "line-through"))
    ana.sees("Revision 1, no longer what is asked", within="#arguments")
    ana.on(lambda page: expect(page.locator("#actions .btn[aria-disabled=true]")).to_have_count(0))
    approval.refresh_from_db()
    assert approval.is_pending


def high_risk_takes_reading_and_two_hands(ana: Guest, ask: Callable[..., ApprovalRequest]) -> None:
    approval = ask(1, "grave", note="begin " + "x" * 3_000 + " and pay Mallory")
    ana.goes_to(f"/review/{approval.pk}")
    ana.sees("Open it before you approve.")
    ana.on(lambda page: page.locator(f"#request-{approval.pk}").focus())
    ana.presses_key("a")
    assert ana.on(lambda page: page.locator(":popover-open").count()) == 0
    ana.on(lambda page: page.locator("[data-must] summary").click())
    ana.on(lambda page: expect(page.locator("[data-must] > .said")).to_contain_text("x" * 3_000))
    ana.on(lambda page: page.locator(f"#request-{approval.pk}").focus())
    ana.presses_key("a")
    ana.sees("Exactly these arguments run")
    for key in ("a", "Enter"):
        ana.presses_key(key)
    approval.refresh_from_db()
    assert approval.is_pending
    ana.presses_key("Control+Enter")
    ana.sees("Approved: grave(n: 1", within="#toasts")
    approval.refresh_from_db()
    assert approval.status == "approved"


def what_is_asked_of_a_card_ends_the_loading_of_another(ana: Guest, approval: ApprovalRequest) -> None:
    """A slow answer never replaces the form that was opened after it was asked for."""
    held: list[Route] = []

    def keep(route: Route) -> None:  # Playwright cannot mark the method of a list
        held.append(route)

    ana.goes_to(f"/review/{approval.pk}")
    ana.on(lambda page: page.route(f"**/review/{approval.pk}", keep))
    ana.follows("plain(n: 5)", within="#queue")
    ana.follows("Edit", within="#actions")
    ana.sees("Approve with edits", within="#actions")
    ana.on(lambda page: held.pop().continue_())
    ana.on(lambda page: page.unroute_all())
    ana.on(lambda page: page.wait_for_load_state("networkidle"))
    ana.on(lambda page: expect(page.locator("[name='arg:/n']")).to_be_focused())


def nothing_is_decided_while_another_is_loaded(ana: Guest, approval: ApprovalRequest, other: ApprovalRequest) -> None:
    """The queue shows the other one as chosen already: a key means that one, and waits for it."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    ana.goes_to(f"/review/{approval.pk}")  # the last one: only the card before it is fetched ahead, and not the other
    ana.sees("Live, synced")
    ana.on(lambda page: page.route(f"**/review/{other.pk}", keep))
    ana.follows(other.title, within="#queue")
    ana.on(lambda page: expect(page.locator("#detail[aria-busy=true]")).to_be_visible())
    ana.presses_key("a")
    old = ana.on(lambda page: page.query_selector(f"#request-{other.pk}"))
    ana.on(lambda page: page.evaluate("document.body.dispatchEvent(new CustomEvent('cs:decided'))"))  # the queue anew
    ana.on(lambda page: page.wait_for_function("row => !row.isConnected", arg=old))
    ana.on(lambda page: held.pop().continue_())
    ana.on(lambda page: page.unroute_all())
    ana.on(lambda page: expect(page.locator(f"#selected[value='{other.pk}']")).to_have_count(1))
    ana.on(lambda page: expect(page.locator("#detail[aria-busy]")).to_have_count(0))
    approval.refresh_from_db()
    other.refresh_from_db()
    assert approval.is_pending and other.is_pending


def the_next_card_is_there_already_and_is_proven_before_it_is_decided(
    ana: Guest, cleo: Principal, first: ApprovalRequest, following: ApprovalRequest
) -> None:
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    ana.goes_to(f"/review/{first.pk}")
    ana.on(lambda page: expect(page.locator(f"#detail[data-ahead='request-{following.pk}']")).to_have_count(1))
    ana.on(lambda page: page.route(f"**/review/{following.pk}", lambda route: route.abort()))
    ana.on(lambda page: page.route(f"**/review/{following.pk}/changes*", keep))
    ana.on(lambda page: page.locator(f"#request-{first.pk}").focus())
    ana.presses_key("j")
    ana.sees(following.title, within=".dhead")  # nobody was asked for it
    ana.decides_nothing_by_accident()
    ana.presses_key("a")  # the server has not said yet that the card still holds
    following.refresh_from_db()
    assert following.is_pending and not following.decisions.exists()

    following.comment("It has changed since", cleo)
    ana.on(lambda page: page.unroute(f"**/review/{following.pk}"))
    ana.on(lambda page: held.pop(0).continue_())
    ana.sees("It has changed since", within="#comments")
    ana.on(lambda page: expect(page.locator("[data-unproven]")).to_have_count(0))

    ana.on(lambda page: expect(page.locator(f"#detail[data-ahead='request-{first.pk}']")).to_have_count(1))
    ana.on(lambda page: page.route(f"**/review/{first.pk}", lambda route: route.abort()))
    ana.decides_nothing_by_accident()
    ana.presses_key("a")
    ana.sees(f"Approved: {following.title}", within="#toasts")
    ana.sees(first.title, within=".dhead")  # the page had it: neither the answer nor another brought it
    ana.on(lambda page: page.unroute_all())
