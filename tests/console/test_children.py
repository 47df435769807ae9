"""Child runs on the pages: a parent lists its children, a child and its approvals name what they are part of."""

from collections.abc import Callable

from django.test import Client

from reviews.models import ApprovalRequest
from tests.factories import House, make_call, make_run


def test_a_parent_its_child_and_the_childs_approval_lead_to_each_other(
    house: House, browse: Callable[[str], Client]
) -> None:
    root = make_run(house.agent, house.olga, title="Close the month")
    middle = make_run(house.agent, house.olga, title="Look into it", parent=root, parent_position="1", root=root)
    leaf = make_run(house.agent, house.olga, title="Refunds", parent=middle, parent_position="1", root=root, depth=2)
    make_call(leaf)
    approval = ApprovalRequest.objects.get()
    ana = browse("ana")

    page = ana.get(f"/runs/{root.pk}").content.decode()
    assert f'href="/runs/{middle.pk}"' in page and "Waiting for a child run" in page and "Refunds" not in page
    page = ana.get(f"/runs/{leaf.pk}").content.decode()
    assert f'href="/runs/{middle.pk}"' in page and "Child runs" not in page
    card = ana.get(f"/review/{approval.pk}").content.decode()
    assert f'href="/runs/{root.pk}"' in card and "Close the month" in card


def test_whoever_started_the_root_does_not_approve_below(house: House, browse: Callable[[str], Client]) -> None:
    root = make_run(house.agent, house.ana)
    child = make_run(house.agent, house.ana, parent=root, parent_position="1", root=root, depth=1)
    make_call(child)

    assert ApprovalRequest.objects.get().excluded == [house.ana.pk]
