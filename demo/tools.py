"""What the refunds desk may propose. Amounts are texts with two decimals: a JSON number may lose a cent on its way."""

import re
from decimal import Decimal
from typing import Annotated, Any

from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector
from django.db import transaction
from pydantic import Field, WithJsonSchema

from agents.tools import CallContext, ToolError, lookup, tool
from demo.models import CURRENCY, Customer, HelpArticle, Order, OutgoingMail, Refund

SECONDS = 10
MAX_ARTICLES = 3
OrderNumber = Annotated[str, Field(pattern=r"^A-[0-9]{4,6}$", examples=["A-1001"])]
Address = Annotated[str, Field(pattern=r"^[^@\s,;<>\"]+@[^@\s,;<>\"]+$", max_length=200)]
Amount = Annotated[
    Decimal,
    Field(gt=0, max_digits=9, decimal_places=2),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,7}[.][0-9]{2}$", "examples": ["24.90"]}),
]
Line = Annotated[str, Field(pattern=r"^[^\r\n]+$", max_length=200)]


@tool(effect="read", timeout=SECONDS, summary="Look up order {order}")
def lookup_order(context: CallContext, order: OrderNumber) -> dict[str, Any]:
    """Find an order: its customer, items, delivery, what was paid and what was refunded before.

    Args:
        order: The order's number.
    """
    return facts_of(order_numbered(order, context.workspace_id))


@tool(effect="read", timeout=SECONDS, summary="Search the help for “{query}”")
def search_help(context: CallContext, query: Annotated[str, Field(min_length=1, max_length=1000)]) -> list[Any]:
    """Find help articles on what the shop promises: returns, damage, delays, payments, accounts. Best first.

    Args:
        query: A few words.
    """
    words = SearchQuery(" or ".join(re.findall(r"\w+", query)), search_type="websearch")
    text = SearchVector("title", weight="A") + SearchVector("text", weight="B")
    articles = HelpArticle.objects.filter(workspace=context.workspace_id)
    found = articles.annotate(text_=text, rank=SearchRank(text, words)).filter(text_=words).order_by("-rank", "title")
    return [{"title": article.title, "text": article.text} for article in found[:MAX_ARTICLES]]


@tool(
    timeout=SECONDS,
    summary="Refund {amount:money} to {customer.name}",
    lookups=[lookup(lookup_order, as_="order", order="order")],
    done="order.refunded",
)
def issue_refund(context: CallContext, order: OrderNumber, amount: Amount, reason: Line) -> dict[str, Any]:
    """Pay money back for an order. It cannot be taken back.

    Args:
        order: The order's number.
        amount: Euros with two decimals; at most what was paid minus earlier refunds.
        reason: Why, in one line, for the books.
    """
    with transaction.atomic():
        found = order_numbered(order, context.workspace_id, lock=True)
        if amount > found.refundable:
            message = f"At most {found.refundable} {CURRENCY} of order {order} can be refunded, not {amount}."
            raise ToolError(message, type="more_than_paid")
        refund = Refund.objects.create(order=found, amount=amount, reason=reason, call=context.call_id)
    return {"refund": f"R-{refund.pk}", "order": order, "amount": f"{amount:.2f}", "currency": CURRENCY}


@tool(
    reaches="outside",
    timeout=SECONDS,
    summary="Mail {to} about order {order}",
    lookups=[lookup(lookup_order, as_="order", order="order")],
)
def send_email(
    context: CallContext,
    order: OrderNumber,
    to: Address,
    subject: Line,
    text: Annotated[str, Field(min_length=1, max_length=5000)],
) -> dict[str, Any]:
    """Send a mail about an order.

    Args:
        order: The number of the order that the mail is about.
        to: One address, usually the customer's.
        subject: One line.
        text: Plain text.
    """
    found = order_numbered(order, context.workspace_id)
    mail = OutgoingMail.objects.create(order=found, to=to, subject=subject, text=text, call=context.call_id)
    return {"mail": f"M-{mail.pk}", "to": to}


@tool(timeout=SECONDS, summary="Delete the customer {email} with all orders")
def delete_customer(context: CallContext, email: Address) -> dict[str, Any]:
    """Delete a customer's account with all orders. It cannot be taken back.

    Args:
        email: The address that the account belongs to.
    """
    rows, _ = Customer.objects.filter(workspace=context.workspace_id, email__iexact=email).delete()
    if not rows:
        raise ToolError(f"There is no customer {email}.", type="unknown_customer")
    return {"deleted": email}


def order_numbered(number: str, workspace_id: int, *, lock: bool = False) -> Order:
    """The order of this workspace's shop; locked, refunds of it wait for each other."""
    orders = Order.objects.filter(workspace=workspace_id, number=number).select_related("customer")
    order = (orders.select_for_update(of=("self",)) if lock else orders).first()
    if order is None:
        raise ToolError(f"There is no order {number}.", type="unknown_order")
    return order


def facts_of(order: Order) -> dict[str, Any]:
    """An order as agents and reviewers read it."""
    same = ("number", "status", "ordered_on", "due_on", "delivered_on", "days_late", "days_since_delivery")
    items = [{"name": item.name, "quantity": item.quantity, "price": f"{item.price}"} for item in order.items.all()]
    amounts = {name: f"{getattr(order, name):.2f}" for name in ("total", "paid", "refunded", "refundable")}
    customer = {"name": order.customer.name, "email": order.customer.email}
    return {name: getattr(order, name) for name in same} | {
        "customer": customer,
        "items": items,
        "currency": CURRENCY,
        **amounts,
    }
