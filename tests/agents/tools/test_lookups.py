"""Lookups: what trusted read tools find out about a call before people decide."""

import threading
from typing import Any

import pytest

from agents.tools import CallContext, ToolError, lookup, tool
from agents.tools.lookups import look_up

never = threading.Event()


@tool(effect="read")
def fetch_order(context: CallContext, order_id: str, deep: bool = False) -> dict[str, Any]:
    """Find an order."""
    if order_id == "gone":
        raise ToolError("There is no such order.", type="not_found")
    return {"id": order_id, "deep": deep, "customer": {"name": "Ana"}, "for": context.key}


@tool(effect="read")
def fetch_slowly(order_id: str) -> None:
    """Never answer."""
    never.wait()


@tool(lookups=[fetch_order])
def refund_order(order_id: str, amount: int) -> None:
    """Refund an order."""


@tool(lookups=[lookup(fetch_order, order_id="order.id", deep="order.deep", as_="order"), fetch_slowly])
def refund_slowly(order: dict[str, Any], order_id: str) -> None:
    """Refund an order, after a look at something slow."""


def test_a_bare_read_tool_is_asked_with_arguments_of_the_same_names(context: CallContext) -> None:
    found = look_up(refund_order, {"order_id": "W1", "amount": 5}, context)
    assert found == {"fetch_order": {"id": "W1", "deep": False, "customer": {"name": "Ana"}, "for": "the-key"}}


def test_one_that_hangs_is_left_behind_and_holds_up_nobody(context: CallContext) -> None:
    found = look_up(refund_slowly, {"order": {"id": "W1", "deep": True}, "order_id": "W1"}, context, seconds=0.3)
    assert found["order"]["deep"] is True
    assert found["fetch_slowly"]["error"]["type"] == "timeout"


@pytest.mark.parametrize(
    ("args", "type"),
    [({"order_id": "gone"}, "not_found"), ({"order_id": 5}, "arguments_refused"), ({}, "arguments_refused")],
)
def test_one_that_fails_is_a_fact_too(context: CallContext, args: dict[str, Any], type: str) -> None:
    assert look_up(refund_order, args, context)["fetch_order"]["error"]["type"] == type
