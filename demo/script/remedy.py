"""What is due to a customer by the shop's promises (the help articles say the same in words)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from demo.script.ticket import Ticket

DAYS_TO_RETURN = 30
DAYS_UNTIL_LOST = 14
DAYS_UNTIL_LATE = 3
SHARE_FOR_LATENESS = Decimal("0.10")
CENT = Decimal("0.01")
COUNTS = {"one": 1, "a": 1, "an": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}

type Order = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Remedy:
    """How much is due and why; nothing is due where `amount` is zero."""

    amount: Decimal
    why: str


def remedy(ticket: Ticket, order: Order) -> Remedy:
    """What to propose for an order: what is asked for or else what is promised, and never more than is left."""
    ticket, left = ticket.about(order["number"]), Decimal(order["refundable"])
    if not left:
        return Remedy(left, f"all {euros(order['paid'])} were refunded before")
    due = _asked(ticket, order) or DUE[ticket.kind](ticket, order)
    amount = min(due.amount, left).quantize(CENT, ROUND_HALF_UP)
    capped = f"; only {euros(left)} are left to refund" if due.amount > left else ""
    return Remedy(amount, due.why + capped)


def is_past_return(ticket: Ticket, order: Order) -> bool:
    """A return that comes too late for the shop's promise: a matter for people."""
    days = order["days_since_delivery"]
    return ticket.about(order["number"]).kind == "return" and days is not None and days > DAYS_TO_RETURN


def euros(amount: Decimal | str) -> str:
    """`€1,240.00`."""
    return f"€{Decimal(amount):,.2f}"


def _asked(ticket: Ticket, order: Order) -> Remedy | None:
    reason = "" if REASONS[ticket.kind] == WISH else f"{REASONS[ticket.kind]}; "
    wish = f"{reason}the customer asks for "
    if ticket.amount:
        return Remedy(ticket.amount, f"{wish}{euros(ticket.amount)}")
    if ticket.share:
        return Remedy(Decimal(order["paid"]) * ticket.share, f"{wish}{ticket.share * 100:.0f} %")
    return None


WISH = "the customer asks for a refund"
REASONS = {
    "double": "charged twice",
    "wrong": "the wrong item came",
    "broken": "broken or faulty",
    "missing": "it never arrived",
    "late": "it came late",
    "return": "sent back",
    "refund": WISH,
    "question": WISH,
    "": WISH,
}


def _for_items(ticket: Ticket, order: Order) -> Remedy:
    """The price of the items that the ticket names, or of all."""
    named = [(item, count) for item in order["items"] if (count := _count(item, ticket.text))]
    affected = named or [(item, item["quantity"]) for item in order["items"]]
    amount = sum((Decimal(item["price"]) * count for item, count in affected), Decimal(0))
    names = ", ".join(f"{count} × {item['name']}" for item, count in affected)
    return Remedy(amount, f"{REASONS[ticket.kind]}: {names}")


def _count(item: dict[str, Any], text: str) -> int:
    """How many of an item the ticket speaks of; none where it does not name it."""
    noun = re.escape(item["name"].split()[-1].lower().removesuffix("s"))
    if not re.search(rf"\b{noun}", text, re.I):
        return 0
    number = re.search(rf"\b({'|'.join(COUNTS)}|\d)\s(?:of\s)?(?:\w+\s){{0,3}}{noun}", text, re.I)
    said = COUNTS.get(number[1].lower()) or int(number[1]) if number else item["quantity"]
    return min(int(said), int(item["quantity"]))


def _for_second_charge(ticket: Ticket, order: Order) -> Remedy:
    excess = Decimal(order["paid"]) - Decimal(order["total"])
    if excess <= 0:
        return Remedy(Decimal(0), f"our books show one payment of {euros(order['paid'])} only")
    return Remedy(excess, f"{euros(order['paid'])} were charged for an order of {euros(order['total'])}")


def _for_lateness(ticket: Ticket, order: Order) -> Remedy:
    days = order["days_late"]
    if days < DAYS_UNTIL_LATE:
        return Remedy(
            Decimal(0), f"delivery was promised for {order['due_on']}, and it is not {DAYS_UNTIL_LATE} days late"
        )
    amount = Decimal(order["paid"]) * SHARE_FOR_LATENESS
    return Remedy(amount, f"{days} days late, for which we give {SHARE_FOR_LATENESS * 100:.0f} % back")


def _for_loss(ticket: Ticket, order: Order) -> Remedy:
    everything = Decimal(order["paid"])
    if order["status"] == "delivered":
        return Remedy(
            everything, f"reported as never arrived, while the carrier says delivered on {order['delivered_on']}"
        )
    if order["days_late"] < DAYS_UNTIL_LOST:
        promise = f"delivery was promised for {order['due_on']}; we take it for lost {DAYS_UNTIL_LOST} days later"
        return Remedy(Decimal(0), promise)
    return Remedy(everything, f"not delivered, {order['days_late']} days after the promised day, so taken for lost")


def _for_all(ticket: Ticket, order: Order) -> Remedy:
    return Remedy(Decimal(order["paid"]), REASONS[ticket.kind])


DUE: dict[str, Callable[[Ticket, Order], Remedy]] = {
    "double": _for_second_charge,
    "wrong": _for_items,
    "broken": _for_items,
    "missing": _for_loss,
    "late": _for_lateness,
    "return": _for_items,
    "refund": _for_all,
    "question": _for_all,
    "": _for_all,
}
