"""A tool with a lookup, and one that says what it was called with."""

from agents.tools import lookup, tool


@tool(effect="read")
def reviewed_customer(order: str) -> dict[str, str]:
    """Find the customer of an order."""
    if order == "lost":
        raise LookupError(order)
    return {"name": "Ada", "email": f"{order}@example.org"}


@tool(effect="read")
def reviewed_order(order: str) -> dict[str, str]:
    """Find what was paid back for an order."""
    return {"refunded": "20.00" if order == "again" else "0.00", "currency": "EUR"}


@tool(
    effect="unsafe",
    summary="Mail {to} about {order} of {customer.name}",
    lookups=[lookup(reviewed_customer, order="order", as_="customer")],
)
def reviewed_mail(order: str, to: str) -> str:
    """Write to somebody about an order."""
    return f"mailed {to} about {order}"


@tool(effect="unsafe", lookups=[lookup(reviewed_order, order="order", as_="order")], done="order.refunded")
def reviewed_refund(order: str, amount: str) -> str:
    """Pay money back for an order."""
    return f"paid {amount} for {order}"


@tool(effect="unsafe")
def reviewed_break(what: str) -> str:
    """Ends in a way that tells nobody whether it happened."""
    raise ConnectionResetError(what)
