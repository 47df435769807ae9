"""`@tool`: what the model is told of a function, and which functions cannot be tools."""

import enum
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from agents.tools import CallContext, InvalidTool, ToolSpec, lookup, registry, tool


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Address(BaseModel):
    title: str
    postcode: Annotated[str, Field(pattern="^[0-9]{4}$")] = "1000"


@tool(effect="keyed", reaches="outside", timeout=5, retries=2, summary="Send {amount:money} to {to.title}")
def send_parcel(
    context: CallContext,
    to: Address,
    amount: Annotated[Decimal, "In euros."],
    colour: Colour = Colour.RED,
    *,
    speed: Literal["slow", "fast"] = "slow",
    lines: Annotated[list[str] | None, Field(description="One by one.")] = None,
    on: date | None = None,
) -> dict[str, str]:
    """Send a parcel
    to a customer.

    It leaves the house today.

    Args:
        to: Where it goes,
            street and all.
        speed (str): How fast.

    Returns:
        Nothing: of use.
    """
    return {"to": to.title, "colour": colour.name, "amount": str(amount), "key": context.key}


def test_a_declaration_becomes_what_the_model_is_told() -> None:
    assert send_parcel.description == "Send a parcel to a customer."
    assert send_parcel.schema == {
        "additionalProperties": False,
        "type": "object",
        "required": ["to", "amount"],
        "properties": {
            "to": {"$ref": "#/$defs/Address", "description": "Where it goes, street and all."},
            "amount": {"type": "string", "pattern": "^-?[0-9]{1,20}([.][0-9]{1,20})?$", "description": "In euros."},
            "colour": {"$ref": "#/$defs/Colour", "default": "red"},
            "speed": {"type": "string", "enum": ["slow", "fast"], "default": "slow", "description": "How fast."},
            "lines": {
                "anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}],
                "default": None,
                "description": "One by one.",
            },
            "on": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}], "default": None},
        },
        "$defs": {
            "Address": {
                "additionalProperties": False,
                "type": "object",
                "required": ["title"],
                "properties": {
                    "title": {"type": "string"},
                    "postcode": {"type": "string", "pattern": "^[0-9]{4}$", "default": "1000"},
                },
            },
            "Colour": {"type": "string", "enum": ["red", "blue"]},
        },
    }


def test_a_declared_tool_is_found_by_name_and_still_a_function() -> None:
    assert registry.get("send_parcel") is send_parcel
    assert send_parcel in registry.all()
    assert registry.get("nobody") is None


def test_a_bare_declaration_is_unsafe_and_inside() -> None:
    @tool
    def plainest() -> int:
        """Do something."""
        return 7

    assert (plainest.effect, plainest.reaches, plainest.timeout, plainest.retries) == ("unsafe", "inside", 30, 0)
    assert plainest() == 7


def test_the_digest_follows_what_people_agreed_to() -> None:
    same, tightened = send_parcel.declared_as("keyed", "outside"), send_parcel.declared_as("unsafe", "outside")
    assert len(send_parcel.digest()) == 32
    assert same.digest() == send_parcel.digest() != tightened.digest()
    assert tightened.effect == "unsafe"


def no_docstring() -> None: ...


def untyped(amount) -> None:  # type: ignore[no-untyped-def]
    """Take anything."""


def variadic(*amounts: int) -> None:
    """Take many."""


def positional(amount: int, /) -> None:
    """Take one by place."""


def unknown_type(amount: "Nowhere") -> None:  # type: ignore[name-defined]  # noqa: F821
    """Take something unknown."""


def not_json(amount: Callable[[], int]) -> None:
    """Take a function."""


def odd_default(amount: int = object()) -> None:  # type: ignore[assignment]
    """Have a default that is not JSON."""


def hopeless_pattern(text: Annotated[str, Field(json_schema_extra={"pattern": "("})]) -> None:
    """Have a pattern that is none."""


def beyond(amount: Annotated[int, Field(lt=2**60)]) -> None:
    """Have a bound that JSON cannot carry."""


async def later() -> None:
    """Do it later."""


def bit_by_bit() -> Iterator[int]:
    """Do it bit by bit."""
    yield 1


def fine(amount: int, order_id: str = "") -> int:
    """Do something."""
    return amount


@tool(effect="read")
def find_order(order_id: str, deep: bool = False) -> dict[str, str]:
    """Find an order."""
    return {"id": order_id}


@tool
def cancel_order(order_id: str) -> None:
    """Cancel an order."""


@pytest.mark.parametrize(
    ("function", "words", "sentence"),
    [
        (no_docstring, {}, "needs a docstring"),
        (untyped, {}, "'amount' of untyped needs a type hint"),
        (variadic, {}, "ordinary parameter"),
        (positional, {}, "ordinary parameter"),
        (unknown_type, {}, "type hints of unknown_type cannot be read"),
        (not_json, {}, "no JSON schema"),
        (odd_default, {}, "default that is not JSON"),
        (hopeless_pattern, {}, "not a usable JSON schema"),
        (beyond, {}, "beyond 2^53"),
        (later, {}, "not an async one"),
        (bit_by_bit, {}, "does not yield"),
        (fine, {"name": "1st tool"}, "its name must be"),
        (fine, {"name": "send_parcel"}, "two tools named 'send_parcel'"),
        (fine, {"effect": "writes"}, "effect must be one of read, keyed, unsafe"),
        (fine, {"reaches": "far"}, "reaches must be one of inside, outside"),
        (fine, {"timeout": 0}, "timeout must be more than 0"),
        (fine, {"timeout": 1e9}, "at most 3600"),
        (fine, {"retries": -1, "effect": "read"}, "retries must be 0 or more"),
        (fine, {"retries": 1}, "never repeated"),
        (fine, {"summary": "Pay {amount"}, "summary cannot be read"),
        (fine, {"summary": "Pay {amount!r}"}, "not a plain name"),
        (fine, {"summary": "Pay {amount.__class__}{0}"}, "not a plain name"),
        (fine, {"summary": "Pay {amount:>1000000}"}, "not one of the formats"),
        (fine, {"summary": "Pay {customer.name}"}, "names customer, which is neither"),
        (fine, {"lookups": [cancel_order]}, "only a tool with effect read"),
        (fine, {"lookups": [lookup(find_order)]}, "it needs order_id"),
        (fine, {"lookups": [lookup(find_order, id="order_id")]}, "no parameter id"),
        (fine, {"lookups": [lookup(find_order, order_id="order.id")]}, "no argument order.id"),
    ],
)
def test_what_cannot_be_a_tool_is_refused_with_a_sentence(
    function: Callable[..., Any], words: dict[str, Any], sentence: str
) -> None:
    before = len(registry.all())
    with pytest.raises(InvalidTool) as refusal:
        tool(**words)(function)
    assert sentence in str(refusal.value)
    assert len(registry.all()) == before


def test_a_tool_without_code_cannot_be_called() -> None:
    recorded = ToolSpec(name="recorded", description="", schema={"type": "object"})
    with pytest.raises(TypeError, match="no code behind recorded"):
        recorded()
