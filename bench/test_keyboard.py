"""A morning at the review desk: everything is decided by the keyboard alone."""

import os
from collections.abc import Callable

import pytest

from tests.journeys.browser import Guest
from tests.journeys.conftest import Office
from tests.journeys.keyboard import FEW, MIX, Desk, comes_out_as_laid_out, laid_out
from tests.product import Product

pytestmark = pytest.mark.timeout(600)


def test_requests_are_decided_by_keys_alone(
    product: Product, office: Office, come: Callable[..., Guest], capsys: pytest.CaptureFixture[str]
) -> None:
    """`DESK=100` decides a hundred and prints what it took."""
    is_whole = os.environ.get("DESK") == "100"
    requests = laid_out(office, MIX if is_whole else FEW)
    product.start("web", DEMO="0")
    ana = come("ana")
    work = Desk(ana).works_through(requests)

    comes_out_as_laid_out(requests, office.people["ana"])
    assert not ana.errors
    if is_whole:
        with capsys.disabled():
            print(f"\n{len(requests)} decided in {work.seconds:.0f} s, {work.share_waiting:.0%} of it waiting")
