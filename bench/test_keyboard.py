"""A morning at the review desk: everything is decided by the keyboard alone."""

import os
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from reviews.models import ApprovalRequest
from tests.journeys.browser import Guest
from tests.journeys.conftest import Office
from tests.journeys.keyboard import FEW, MIX, WATCH, Desk, comes_out_as_laid_out, laid_out
from tests.product import Product

pytestmark = pytest.mark.timeout(600)
READING_MILLISECONDS = 1000  # somebody who only glances at each card


def test_requests_are_decided_by_keys_alone(
    product: Product,
    office: Office,
    come: Callable[..., Guest],
    show: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`DESK=100` decides a hundred and prints what it took."""
    is_whole = os.environ.get("DESK") == "100"
    requests = laid_out(office, MIX if is_whole else FEW)
    product.start("web", DEMO="0")
    ana = come("ana")
    show("next_by_key", "ms", goes_through(ana, requests), reading_ms=READING_MILLISECONDS)
    work = Desk(ana).works_through(requests)

    comes_out_as_laid_out(requests, office.people["ana"])
    assert not ana.errors
    if is_whole:
        with capsys.disabled():
            print(f"\n{len(requests)} decided in {work.seconds:.0f} s, {work.share_waiting:.0%} of it waiting")


def goes_through(guest: Guest, requests: list[ApprovalRequest]) -> list[float]:
    """Milliseconds from each J to the card that it opens, with a glance at each."""
    guest.goes_to("/review")
    guest.on(lambda page: expect(page.locator("[data-row]").first).to_be_focused())
    guest.on(lambda page: page.evaluate(WATCH))
    for _ in requests[1:]:
        guest.on(lambda page: page.wait_for_timeout(READING_MILLISECONDS))
        before = guest.on(lambda page: page.locator("#selected[value]").input_value())
        guest.presses_key("j")
        guest.on(lambda page, key=before: expect(page.locator(f"#selected[value='{key}']")).to_have_count(0))
    taken: list[float] = guest.on(lambda page: page.evaluate("taken"))
    return taken
