"""Titles: what a person reads of a call."""

from typing import Any

import pytest

from agents.tools import ToolSpec, tool
from agents.tools.lookups import lookup
from agents.tools.title import amount, plain_title, title


@tool(effect="read")
def show_order(order_id: str) -> dict[str, Any]:
    """Find an order."""
    return {}


@tool(effect="read")
def show_customer(id: str) -> dict[str, Any]:
    """Find a customer."""
    return {}


def spec(summary: str) -> ToolSpec:
    lookups = (lookup(show_order, order_id="order_id", as_="order"), lookup(show_customer, id="order_id"))
    return ToolSpec(name="refund", description="", schema={"type": "object"}, summary=summary, lookups=lookups)


ORDER = {"order": {"customer": {"name": "Ana"}, "total": 12.5, "currency": "CHF"}, "show_customer": {"city": "Ghent"}}


@pytest.mark.parametrize(
    ("summary", "args", "facts", "expected"),
    [
        (
            "Refund {amount:money} to {customer.name}",
            {"amount": 1240, "currency": "EUR"},
            ORDER,
            "Refund €1,240.00 to Ana",
        ),
        ("Pay {amount:money}", {"amount": "1240.5", "currency": "chf"}, {}, "Pay 1,240.50 CHF"),
        ("Pay {amount:money}", {"amount": 0.1}, {}, "Pay 0.10"),
        ("Pay {amount:money}", {"amount": "12.345", "currency": "EUR"}, {}, "Pay €12.345"),
        ("Pay {amount:money}", {"amount": -5, "currency": "USD"}, {}, "Pay -$5.00"),
        ("Pay {amount:money}", {"amount": 5000, "currency": "JPY"}, {}, "Pay 5,000 JPY"),
        ("Pay {amount:money}", {"amount": 1e25, "currency": "GBP"}, {}, "Pay 1e+25"),
        ("Pay {amount:money}", {"amount": 1e-320, "currency": "EUR"}, {}, "Pay 1e-320"),
        ("Pay {amount:money}", {"amount": "1_000"}, {}, "Pay 1_000"),
        ("Pay {amount:money}", {"amount": "１２"}, {}, "Pay １２"),
        ("Pay {amount:money}", {"amount": True}, {}, "Pay true"),
        ("Pay {amount:money}", {"amount": 5, "currency": "EUR (approved)"}, {}, "Pay 5"),
        ("Pay {cents:minor}", {"cents": 124000, "currency": "EUR"}, {}, "Pay €1,240.00"),
        ("Pay {cents:minor}", {"cents": 5000, "currency": "JPY"}, {}, "Pay 5,000 JPY"),
        ("Pay {order.total:money}", {"currency": "EUR"}, ORDER, "Pay 12.50 CHF"),
        ("Ship to {city}", {}, ORDER, "Ship to Ghent"),
        ("Ship to {show_customer.city}", {"city": "Rome"}, ORDER, "Ship to Ghent"),
        ("Ship to {city}", {"city": "Rome"}, ORDER, "Ship to Rome"),
        ("Ship to {city}", {}, {"show_customer": {"error": {"type": "timeout"}}}, "Ship to ?"),
        ("Ship to {city.street}", {"city": "Rome"}, {}, "Ship to ?"),
        ("Ship to {city}", {"city": None}, {}, "Ship to ?"),
        ("Tag {tags} {{x}}", {"tags": ["a", {"b": 1}]}, {}, 'Tag ["a",{"b":1}] {x}'),
        ("Open {name}", {"name": "\u202egpj.exe"}, {}, "Open ⟨U+202E⟩gpj.exe"),
        (
            "Open {name}",
            {"name": "a\nb\x1b[2J\t\u200b\U000e0041"},
            {},
            "Open a⟨U+000A⟩b⟨U+001B⟩[2J⟨U+0009⟩⟨U+200B⟩⟨U+E0041⟩",
        ),
        ("Open {name}", {"name": "\u3164\ufe0f\u2800\u2003é 日本"}, {}, "Open ⟨U+3164⟩⟨U+FE0F⟩⟨U+2800⟩⟨U+2003⟩é 日本"),
        ("Open {name}", {"name": "a" * 90 + "payload"}, {}, "Open " + "a" * 53 + "…" + "a" * 19 + "payload"),
    ],
)
def test_a_summary_is_filled_in(summary: str, args: dict[str, Any], facts: dict[str, Any], expected: str) -> None:
    assert title(spec(summary), args, facts) == expected


def test_an_argument_is_money_where_the_summary_says_so() -> None:
    known: tuple[dict[str, Any], dict[str, Any]] = {"amount": "12.5", "cents": 1250}, {"currency": "EUR"}

    assert amount(spec("Pay {amount:money}"), "amount", 1240, *known) == "€1,240.00"
    assert amount(spec("Pay {cents:minor}"), "cents", 1250, *known) == "€12.50"
    assert amount(spec("Pay {amount}"), "amount", "12.5", *known) == ""
    assert amount(spec("Pay {amount:money}"), "cents", 1250, *known) == ""


def test_a_title_is_at_most_200_characters() -> None:
    long = {"a": "\u202e" * 80, "b": "\u202e" * 80, "c": "end"}
    assert len(title(spec("{a} {b} {c}"), long, {})) == 200
    assert title(spec("{a} {b} {c}"), long, {}).endswith("end")


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ({}, "refund()"),
        ({"order_id": "W1", "amount": 40}, 'refund(order_id: "W1", amount: 40)'),
        ({"to": 'bob", amount: 1'}, 'refund(to: "bob\\", amount: 1")'),
        ({"to": "a\u202eb\n"}, 'refund(to: "a⟨U+202E⟩b\\n")'),
        ({"text": "x" * 50}, f'refund(text: "{"x" * 25}…{"x" * 12}")'),
    ],
)
def test_without_a_summary_name_and_arguments_are_shown(args: dict[str, Any], expected: str) -> None:
    assert title(spec(""), args, {}) == expected


def test_a_plain_title_is_at_most_200_characters() -> None:
    assert len(plain_title("tool", {f"argument_{n}": n for n in range(100)})) == 200
