"""The shop's books in the admin site."""

from uuid import uuid4

import pytest
from django.test import Client

from demo.models import Order, OutgoingMail
from tests.people import make_member, make_workspace
from workspaces.models import Person, Workspace

ROWS = 'id="result_list"'
PAGES = ["customer", "order", "refund", "outgoingmail", "helparticle"]


@pytest.fixture
def order(shop: Workspace) -> Order:
    order = Order.objects.get(number="A-1001")
    order.refunds.create(amount="1.50", reason="a chip", call=uuid4())
    OutgoingMail.objects.create(order=order, to="a@example.com", subject="Hello", text="Dear Marta", call=uuid4())
    return order


def test_an_admin_reads_all_books_and_changes_none(client: Client, order: Order) -> None:
    client.force_login(Person.objects.get(username="root"))
    for page in PAGES:
        assert ROWS in client.get(f"/admin/demo/{page}/").text
        assert client.get(f"/admin/demo/{page}/add/").status_code == 403
    for row in (order, order.refunds.get(), order.mails.get()):
        address = f"/admin/demo/{row._meta.model_name}/{row.pk}/change/"
        assert "Marta" in client.get(address).text or "A-1001" in client.get(address).text
        assert client.post(address, {}).status_code == 403


def test_somebody_elses_admin_sees_none_of_it(client: Client, order: Order) -> None:
    client.force_login(make_member(make_workspace("Other"), "sam", "admin"))
    for page in PAGES:
        assert ROWS not in client.get(f"/admin/demo/{page}/").text
    assert client.get(f"/admin/demo/order/{order.pk}/change/").status_code == 302


def test_an_approver_does_not_come_in(client: Client, order: Order) -> None:
    client.force_login(Person.objects.get(username="ana"))
    assert client.get("/admin/demo/refund/").status_code == 302
