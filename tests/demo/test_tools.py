"""The tools do what they say, in real tables."""

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from agents.tools import CallContext, ToolResult, ToolSpec
from agents.tools.lookups import look_up
from agents.tools.perform import perform
from agents.tools.spec import ArgumentsRefused
from agents.tools.title import title
from demo.models import Customer, Order, OutgoingMail, Refund
from demo.tools import delete_customer, issue_refund, lookup_order, search_help, send_email
from workspaces.models import Workspace

LETTER = {"order": "A-1001", "to": "marta.lindqvist@example.com", "subject": "Hello", "text": "Dear Marta"}


def use(workspace: Workspace, tool: ToolSpec, call_id: UUID | None = None, **arguments: Any) -> ToolResult:
    """The tool called as the runtime calls it."""
    context = CallContext(call_id or uuid4(), 1, uuid4(), workspace.pk, "key")
    return perform(tool, tool.prepare(arguments), context)


def value(result: ToolResult) -> Any:
    assert result.kind == "succeeded", result.error
    return orjson.loads(result.value or "")


def error(result: ToolResult) -> tuple[str, str]:
    assert result.kind == "failed" and result.error
    return result.error["type"], result.error["message"]


def refund(workspace: Workspace, order: str, amount: str, call_id: UUID | None = None) -> ToolResult:
    return use(workspace, issue_refund, call_id, order=order, amount=amount, reason="broken")


def test_an_order_is_looked_up_with_customer_items_and_amounts(shop: Workspace) -> None:
    found = value(use(shop, lookup_order, order="A-1011"))
    assert found["customer"] == {"name": "Oliver Grant", "email": "oliver.grant@example.com"}
    assert found["items"] == [{"name": "Armchair", "quantity": 1, "price": "420.00"}]
    amounts = [found[name] for name in ("total", "paid", "refunded", "refundable", "currency")]
    assert amounts == ["420.00", "420.00", "400.00", "20.00", "EUR"]
    assert (found["days_since_delivery"], found["days_late"]) == (15, 0)


def test_an_unknown_order_is_said_to_be_unknown(shop: Workspace) -> None:
    for tool, more in [(lookup_order, {}), (issue_refund, {"amount": "1.00", "reason": "x"})]:
        assert error(use(shop, tool, order="A-9999", **more)) == ("unknown_order", "There is no order A-9999.")
    assert error(use(shop, send_email, **{**LETTER, "order": "A-9999"}))[0] == "unknown_order"


def test_help_is_found_by_free_text_best_first(shop: Workspace) -> None:
    found = value(use(shop, search_help, query='I was charged twice! What about payments -by- "card"?'))
    assert found[0]["title"] == "Payments and double charges" and len(found) <= 3
    assert value(use(shop, search_help, query="?!")) == []


def test_a_refund_is_a_row_of_its_call(shop: Workspace) -> None:
    call = uuid4()
    done = value(refund(shop, "A-1001", "24.90", call))
    row = Refund.objects.get(call=call)
    assert done == {"refund": f"R-{row.pk}", "order": "A-1001", "amount": "24.90", "currency": "EUR"}
    assert (row.order.number, row.amount, row.order.refundable) == ("A-1001", Decimal("24.90"), 0)


def test_no_more_is_refunded_than_was_paid_and_not_refunded_before(shop: Workspace) -> None:
    assert error(refund(shop, "A-1011", "20.01")) == (
        "more_than_paid",
        "At most 20.00 EUR of order A-1011 can be refunded, not 20.01.",
    )
    value(refund(shop, "A-1011", "20.00"))
    assert error(refund(shop, "A-1011", "0.01"))[0] == "more_than_paid"


def test_a_call_refunds_once_however_often_it_runs(shop: Workspace) -> None:
    call = uuid4()
    value(refund(shop, "A-1003", "10.00", call))
    assert refund(shop, "A-1003", "10.00", call).kind == "unknown"
    assert Order.objects.get(number="A-1003").refunded == Decimal("10.00")


@pytest.mark.parametrize("amount", ["0.00", "-5.00", "5", "5.5", "5.555", "1e3", "", "5,00", " 5.00", "12345678.00", 5])
def test_an_amount_is_a_text_with_two_decimals_and_more_than_nothing(amount: Any) -> None:
    with pytest.raises(ArgumentsRefused):
        issue_refund.prepare({"order": "A-1001", "amount": amount, "reason": "x"})


@pytest.mark.parametrize(
    "change",
    [{"to": "a@example.com, b@example.com"}, {"to": "a@example.com\nBcc: b@example.com"}, {"subject": "x\r\nBcc: y"}],
)
def test_a_mail_has_one_address_and_one_line_of_subject(change: dict[str, str]) -> None:
    with pytest.raises(ArgumentsRefused):
        send_email.prepare({**LETTER, **change})


def test_a_mail_goes_to_the_outbox(shop: Workspace) -> None:
    value(use(shop, send_email, **LETTER))
    mail = OutgoingMail.objects.get()
    assert (mail.order.number, mail.to, mail.subject, mail.text) == tuple(LETTER.values())


def test_a_customer_is_deleted_with_their_orders_and_no_others(shop: Workspace) -> None:
    assert value(use(shop, delete_customer, email="Ines.Duarte@example.com")) == {"deleted": "Ines.Duarte@example.com"}
    assert not Order.objects.filter(number__in=["A-1016", "A-1017"]).exists()
    assert Customer.objects.count() == 18
    assert error(use(shop, delete_customer, email="ines.duarte@example.com"))[0] == "unknown_customer"


def test_another_workspace_sees_nothing_of_the_shop(shop: Workspace) -> None:
    other = Workspace.objects.found("Other", "other")
    assert error(use(other, lookup_order, order="A-1001"))[0] == "unknown_order"
    assert error(refund(other, "A-1001", "1.00"))[0] == "unknown_order"
    assert error(use(other, delete_customer, email="marta.lindqvist@example.com"))[0] == "unknown_customer"
    assert value(use(other, search_help, query="refund")) == []


TITLES: list[tuple[ToolSpec, dict[str, Any], str]] = [
    (issue_refund, {"order": "A-1003", "amount": "1240.00", "reason": "x"}, "Refund €1,240.00 to Priya Nair"),
    (issue_refund, {"order": "A-9999", "amount": "20.00", "reason": "x"}, "Refund 20.00 to ?"),
    (send_email, LETTER, "Mail marta.lindqvist@example.com about order A-1001"),
    (delete_customer, {"email": "a@example.com"}, "Delete the customer a@example.com with all orders"),
]


def test_titles_are_made_of_arguments_and_of_what_lookups_find(transactional_db: None, shop: Workspace) -> None:
    context = CallContext(uuid4(), 0, uuid4(), shop.pk, "key")
    for tool, arguments, expected in TITLES:
        assert title(tool, arguments, look_up(tool, arguments, context)) == expected
