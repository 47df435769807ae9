"""An agent proposes, a person decides in the browser, it runs exactly once."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from agents.models import ToolCall
from reviews.models import ApprovalRequest
from tests.journeys.browser import Guest
from tests.product import Product

pytestmark = pytest.mark.timeout(180)


def test_a_ticket_is_edited_and_approved_by_somebody_else(running: Product, come: Callable[..., Guest]) -> None:
    ana, olga = come("ana"), come("olga")
    it_is_edited_and_approved_without_reload(ana, olga)
    whoever_sent_it_is_told_why_somebody_else_decides(olga)


def it_is_edited_and_approved_without_reload(ana: Guest, olga: Guest) -> None:
    ana.goes_to("/review")
    ana.sees("Nothing needs you")

    olga.goes_to("/runs")
    olga.presses("Start a run")
    olga.fills("Task", "My panels of order A-17 came broken.\nPlease help.")
    olga.presses("Start", within="#start")
    olga.sees("Waiting for approval", within=".rhead")

    ana.follows("Refund 90 for A-17")  # it has appeared by itself
    ana.sees("Two panels are cracked", within=".why")
    ana.follows("Edit")
    amount = "[name='arg:/amount']"
    ana.fills("amount", "much")
    ana.on(lambda page: expect(page.locator(f"{amount}[aria-invalid=true]")).to_be_visible())
    ana.fills("amount", "45.5")
    ana.sees("It will read Refund 45.5 for A-17", within=".valid")
    ana.on(lambda page: expect(page.locator(f"{amount}[aria-invalid]")).to_have_count(0))
    ana.fills("Why you change it", "One of two panels was kept")
    ana.presses("Approve with edits")
    ana.sees("Approved: Refund 45.5 for A-17", within="#toasts")
    ana.sees("Nothing needs you", within="#queue")
    ana.follows("Open", within="#toasts")
    ana.sees("Approved and done")
    ana.sees("paid 45.5")
    ana.finds_nothing_wrong()

    olga.sees("Succeeded", within=".rhead")
    olga.finds_nothing_wrong()
    call = ToolCall.objects.get()
    assert (call.status, call.attempt, call.arguments) == ("succeeded", 1, {"amount": 45.5, "order": "A-17"})


def whoever_sent_it_is_told_why_somebody_else_decides(olga: Guest) -> None:
    olga.goes_to("/runs")
    olga.presses("Start a run")
    olga.fills("Task", "Broken")
    olga.presses("Start", within="#start")
    olga.sees("Waiting for approval", within=".rhead")
    approval = ApprovalRequest.objects.pending().get()
    olga.goes_to(f"/review/{approval.pk}")
    olga.sees("You started this run", within="#actions")
    olga.does_not_see("Approve", within="#actions")

    form = {"kind": "approve", "digest": bytes(approval.digest).hex()}
    form["csrfmiddlewaretoken"] = olga.on(
        lambda page: page.locator("[name=csrfmiddlewaretoken]").first.get_attribute("value")
    )
    address, headers = f"{olga.url}/review/{approval.pk}/decisions", {"Referer": olga.url}
    answer = olga.on(lambda page: page.request.post(address, form=form, headers=headers))
    assert answer.status == 403
    assert "You started this run" in olga.on(lambda page: answer.text())
