"""A desk whose server goes away, or whose owner sleeps: it catches up, and nothing stale is approved."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from console.hub import PAGE
from reviews.models import ApprovalRequest
from tests.factories import make_call, make_policy, make_run, make_tool
from tests.journeys.browser import Guest
from tests.journeys.conftest import Office, wait_for_web
from tests.people import acting
from tests.product import Product
from workspaces import events

pytestmark = pytest.mark.timeout(240)


def asked(office: Office, number: int) -> ApprovalRequest:
    run = make_run(office.agent, office.people["olga"])
    return ApprovalRequest.objects.get(tool_call=make_call(run, "refund", {"number": number}))


def test_a_desk_survives_what_comes_between(product: Product, office: Office, come: Callable[..., Guest]) -> None:
    make_tool(office.workspace, "refund")
    make_policy(office.workspace, {"name": "Refunds", "effect": "ask", "tool": "refund"}, name="Desk")
    first, second = asked(office, 1), asked(office, 2)
    product.start("web", DEMO="0")
    ana = come("ana")
    the_server_restarts(ana, office, product, first)
    half_an_hour_passes_asleep(ana, office, second)
    assert not ana.errors


def the_server_restarts(ana: Guest, office: Office, product: Product, approval: ApprovalRequest) -> None:
    """The page catches up from its cursor: what was decided meanwhile cannot be approved any more."""
    ana.goes_to(f"/review/{approval.pk}")
    ana.sees("Live, synced")
    product.kill("web")
    nobody_decides(ana)
    decided_by_cleo(office, approval)
    product.start("web", DEMO="0")
    wait_for_web(product)
    ana.sees("Cleo rejected this.")
    ana.sees("There is nothing left to decide here.", within="#actions")
    ana.sees("Live, synced")


def half_an_hour_passes_asleep(ana: Guest, office: Office, approval: ApprovalRequest) -> None:
    """More has happened than hints can tell, so everything is fetched; until then nobody decides."""
    ana.goes_to(f"/review/{approval.pk}")
    ana.sees("Live, synced")
    ana.on(lambda page: page.context.set_offline(True))
    nobody_decides(ana)
    ana.on(lambda page: page.locator("#actions [data-key=a]").click(force=True))
    decided_by_cleo(office, approval)
    for _ in range(PAGE):
        events.record(office.workspace.pk, "approval", "approval.requested")
    ana.on(lambda page: page.context.set_offline(False))
    ana.sees("There is nothing left to decide here.", within="#actions")
    assert list(approval.decisions.values_list("kind", flat=True)) == ["reject"]


def nobody_decides(ana: Guest) -> None:
    ana.sees("Nothing can be decided or written until")
    ana.on(lambda page: expect(page.locator("#detail :is(button, a.btn):not([aria-disabled])")).to_have_count(0))


def decided_by_cleo(office: Office, approval: ApprovalRequest) -> None:
    approval.decide("reject", by=acting(office.people["cleo"]), digest=bytes(approval.digest), reason="no")
