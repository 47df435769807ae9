"""The pages that govern agents: usable by everybody in every look, and a condition checked as an admin types."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from reviews.models import Rule
from tests.journeys.browser import Guest
from tests.journeys.conftest import Office
from tests.people import make_member
from tests.product import Product

pytestmark = pytest.mark.timeout(240)


def test_an_admin_governs_from_the_browser(product: Product, office: Office, come: Callable[..., Guest]) -> None:
    make_member(office.workspace, "root", "admin")
    product.start("web", DEMO="0")
    rule, root = Rule.objects.get(), come("root")
    form = f"/policies/{rule.revision.policy_set_id}/rules/{rule.pk}"
    for path in (
        "/policies", f"/policies/{rule.revision.policy_set_id}", form, "/deliveries", "/audit", "/insights", "/setup",
        "/first-steps", "/profile", "/stops",
    ):  # fmt: skip
        root.goes_to(path)
        root.finds_nothing_wrong_in_any_look()

    root.goes_to(form)
    root.fills("What, line 1", "args.amount")
    root.on(lambda page: page.get_by_label("Compared how, line 1").select_option("gt"))
    root.fills("With what, line 1", "much")
    root.sees("“much” is no number", within="#check")
    root.on(lambda page: expect(page.get_by_role("button", name="Save and put in force")).to_be_disabled())
    root.fills("With what, line 1", "50")
    root.sees("has(args.amount) && double(args.amount) > 50.0", within="#check")
    root.presses("Try it on past calls")
    root.sees("0 calls", within="#trial")
    root.fills("With what, line 1", "51")
    root.sees("The rule has changed since", within="#trial")
    root.sees("double(args.amount) > 51.0", within="#check")
    root.presses("Save and put in force")
    root.sees("Saved: revision 2 is in force.")
    root.goes_to("/audit")
    root.presses("Check the chain")
    root.sees("hold", within="#check")
