"""What is in the demo's shop when it opens: one order for each ticket, and what customers may be told."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

from django.utils.timezone import localdate

from demo.models import Customer, HelpArticle, Item, Order
from workspaces.models import Workspace

PROMISED_DAYS = 6  # from the order to the promised day

# Number, customer, items (name, quantity, price), days since the delivery (None: under way), days late.
ORDERS = [
    ("A-1001", "Marta Lindqvist", [("Stoneware mug", 2, "12.45")], 0, 0),
    ("A-1002", "Jonas Weber", [("Desk lamp", 1, "89.00")], 1, 0),
    ("A-1003", "Priya Nair", [("Oak table", 1, "1240.00")], 3, 0),
    ("A-1004", "Tom Becker", [("Wool rug", 1, "180.00")], 2, 9),
    ("A-1005", "Aisha Khan", [("Bookshelf", 1, "149.00")], 12, 0),
    ("A-1006", "Lucas Moreau", [("Garden panel", 4, "120.00")], 4, 0),
    ("A-1007", "Elena Rossi", [("Espresso machine", 1, "640.00")], 20, 0),
    ("A-1008", "Noah Fischer", [("Three-seat sofa", 1, "1890.00")], None, 18),
    ("A-1009", "Sofia Novak", [("Linen curtains", 2, "34.50")], 8, 0),
    ("A-1010", "Mia Schulz", [("Side table", 1, "79.00")], 6, 0),
    ("A-1011", "Oliver Grant", [("Armchair", 1, "420.00")], 15, 0),
    ("A-1012", "Hana Sato", [("Wall clock", 1, "45.00")], 9, 0),
    ("A-1013", "Karim Haddad", [("Glass vase", 1, "38.00")], 120, 0),
    ("A-1014", "Greta Olsen", [("Bed frame", 1, "760.00")], 75, 0),
    ("A-1015", "Peter Novotny", [("Toaster", 1, "50.00")], 11, 0),
    ("A-1016", "Ines Duarte", [("Scented candle", 1, "19.90")], 2, 0),
    ("A-1017", "Ines Duarte", [("Picture frame", 1, "64.00")], 2, 0),
    ("A-1018", "Daniel Kim", [("Writing desk", 1, "1000.00")], 5, 0),
    ("A-1019", "Chiara Conti", [("Dining chair", 1, "310.00")], 7, 0),
    ("A-1020", "Felix Brandt", [("Floor lamp", 1, "129.00"), ("Light bulb", 3, "6.50")], None, 0),
]
CHARGED_TWICE = "A-1005"
REFUNDED_BEFORE = {"A-1011": "400.00"}

ARTICLES = {
    "Sending something back": "You can send anything back within 30 days of its delivery, without a reason. We pay for "
    "the parcel and refund its price once you have told us. After 30 days a colleague decides.",
    "Broken or wrong items": "If something is damaged, does not work or is not what you ordered, we refund its price. "
    "You need not send it back.",
    "Late delivery": "If an order comes three days late or more, we give 10 % of its price back. If it has not come "
    "14 days after the promised day we take it for lost and refund everything.",
    "Payments and double charges": "We charge once, when the order is sent. If you were charged twice, we refund the "
    "second charge. A refund reaches your account within five days.",
    "Your account and your data": "You can have your account deleted at any time. A colleague checks who is asking and "
    "does it within a week; nobody else can.",
    "How long a delivery takes": "Most orders arrive within six days. The promised day is in the confirmation that we "
    "sent you.",
    "Warranty and repairs": "Everything we sell has two years of warranty. Write to us with a photo and the number of "
    "your order.",
    "Ways to pay": "You can pay by card, by bank transfer or on account. Invoices come by mail with the confirmation.",
}


def stock(workspace: Workspace) -> None:
    """Fill a new workspace's shop."""
    for number, name, items, days_since_delivery, days_late in ORDERS:
        order = take_order(workspace, number, name, days_since_delivery, days_late, total(items))
        Item.objects.bulk_create(
            Item(order=order, name=thing, quantity=count, price=price) for thing, count, price in items
        )
    for number, amount in REFUNDED_BEFORE.items():
        order = Order.objects.get(workspace=workspace, number=number)
        order.refunds.create(amount=amount, reason="Goodwill for a scratch", call=uuid4())
    HelpArticle.objects.bulk_create(HelpArticle(workspace=workspace, title=t, text=x) for t, x in ARTICLES.items())


def take_order(
    workspace: Workspace, number: str, name: str, days_since_delivery: int | None, days_late: int, total: Decimal
) -> Order:
    """One order, with dates that lie as far back today as they are meant to."""
    customer, _ = Customer.objects.get_or_create(workspace=workspace, email=address(name), defaults={"name": name})
    delivered_on = None if days_since_delivery is None else localdate() - timedelta(days=days_since_delivery)
    due_on = (delivered_on or localdate()) - timedelta(days=days_late)
    return Order.objects.create(
        workspace=workspace,
        customer=customer,
        number=number,
        status=Order.Status.DELIVERED if delivered_on else Order.Status.SHIPPED,
        paid=total * 2 if number == CHARGED_TWICE else total,
        ordered_on=due_on - timedelta(days=PROMISED_DAYS),
        due_on=due_on,
        delivered_on=delivered_on,
    )


def total(items: list[tuple[str, int, str]]) -> Decimal:
    """The price of an order."""
    return sum((Decimal(price) * count for _, count, price in items), Decimal("0.00"))


def address(name: str) -> str:
    """`marta.lindqvist@example.com`."""
    return f"{name.lower().replace(' ', '.')}@example.com"
