"""Conditions as the card shows them."""

import pytest

from console.considered import Ruling


@pytest.mark.parametrize(
    ("condition", "shown"),
    [
        ("double(args.amount) > 50.0", "amount > 50"),
        ("args.amount > 100.5 && int(args.n) <= 3", "amount > 100.5 && n <= 3"),
        ("args.to == facts.order.customer.email", "to == order.customer.email"),
        ('args.version == "1.0"', 'args.version == "1.0"'),
        ("", ""),
    ],
)
def test_a_condition_reads_plainly_and_keeps_its_meaning(condition: str, shown: str) -> None:
    assert Ruling({"read": {}}, condition, has_decided=False).plain_condition == shown


def test_what_was_read_is_named_as_on_the_card() -> None:
    read = {"args.amount": 90.5, "facts.order.customer.email": "ada@example.com"}

    assert Ruling({"read": read}, "", has_decided=True).read == [
        ("amount", "90.5"),
        ("customer.email", "ada@example.com"),
    ]
