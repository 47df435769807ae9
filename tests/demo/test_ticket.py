"""What the scripted desk reads out of free text."""

from decimal import Decimal

import pytest

from demo.script.ticket import decimal, read


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ("order A-1001", ("A-1001",)),
        ("my order a1001 and A 1002", ("A-1001", "A-1002")),
        ("Order number: 1003", ("A-1003",)),
        ("order #1003, order no. 1004", ("A-1003", "A-1004")),
        ("#1005 please", ("A-1005",)),
        ("A-1001, again A-1001", ("A-1001",)),
        ("I paid 1240 EUR in 2026", ()),
        ("in order to 1001", ()),
    ],
)
def test_order_numbers(text: str, orders: tuple[str, ...]) -> None:
    assert read(text).orders == orders


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("please refund 80 EUR for order A-1002", "80"),
        ("refund €30,50", "30.50"),
        ("refund 1.240,00 EUR", "1240.00"),
        ("refund EUR 5,000.00 now", "5000.00"),
        ("refund me 35", "35"),
        ("refund order 1002", None),
        ("refund order A-1002", None),
        ("I paid 89.00 EUR and would like 20 EUR back", "20"),
        ("I paid 89.00 EUR. It is broken.", None),
        ("I was charged 149 EUR twice", None),
        ("15 euros would be fair", "15"),
        ("refund 20 % of it", None),
        ("refund 0 EUR", None),
    ],
)
def test_the_amount_asked_for_and_not_the_one_that_was_paid(text: str, amount: str | None) -> None:
    assert read(text).amount == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("I want half of the price back", "0.5"),
        ("20% back would be fair", "0.2"),
        ("I want a refund of 20 percent", "0.2"),
        ("half of the cups are broken", None),
        ("I want 10 EUR back, it is half broken", None),
    ],
)
def test_a_share_of_what_was_paid(text: str, share: str | None) -> None:
    assert read(text).share == (None if share is None else Decimal(share))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("A-1001 arrived broken", "broken"),
        ("the lamp doesn't work", "broken"),
        ("I was charged twice", "double"),
        ("a duplicate charge on my card", "double"),
        ("you sent me the wrong lamp", "wrong"),
        ("I ordered a lamp and got a candle instead", "wrong"),
        ("it has not arrived yet", "missing"),
        ("I never received it", "missing"),
        ("it came two weeks late", "late"),
        ("I changed my mind", "return"),
        ("I'd like to return it, A-1001", "return"),
        ("Can I return A-1001?", "return"),
        ("give me my money back", "refund"),
        ("How long do I have to return something?", "question"),
        ("Who pays for the parcel?", "question"),
        ("My cup is broken, what can I do?", "broken"),
        ("hello there", ""),
    ],
)
def test_what_it_is_about(text: str, kind: str) -> None:
    assert read(text).kind == kind


def test_a_wish_to_be_deleted_and_a_mail_elsewhere() -> None:
    ticket = read("Delete all my data and confirm to ben@example.org, ben@example.org")
    assert (ticket.wants_deletion, ticket.wants_mail, ticket.addresses) == (True, True, ("ben@example.org",))
    assert not read("The delivery was removed from my account page").wants_deletion


def test_a_ticket_about_several_orders_says_something_about_each() -> None:
    ticket = read("Refund 50 for order A-1009 and 20 for order A-1010")
    assert [ticket.about(order).amount for order in ticket.orders] == [50, 20]
    ticket = read("The cup from A-1001 is broken, and A-1002 came late.")
    assert [ticket.about(order).kind for order in ticket.orders] == ["broken", "late"]
    ticket = read("A-1001 and A-1002 are both broken.")
    assert [ticket.about(order).kind for order in ticket.orders] == ["broken", "broken"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,240.50", "1240.50"),
        ("1.240,50", "1240.50"),
        ("1 240", "1240"),
        ("35,5", "35.5"),
        ("1.240", "1240"),
        ("12'000.00", "12000.00"),
        ("7", "7"),
    ],
)
def test_numbers_as_people_write_them(text: str, number: str) -> None:
    assert decimal(text) == Decimal(number)


def test_of_an_endless_ticket_the_beginning_is_read() -> None:
    """In linear time: these patterns would take minutes for a million letters."""
    ticket = read("Order A-1002 is broken. " + "n" * 1_000_000)

    assert (ticket.orders, ticket.kind) == (("A-1002",), "broken")
