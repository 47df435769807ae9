"""What a call comes to when it is performed in this thread."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, computed_field

from agents.tools import CallContext, ToolError, ToolSpec, tool
from agents.tools.perform import perform


class Receipt(BaseModel):
    total: Decimal
    paid_on: date


@dataclass
class Pair:
    left: int
    right: set[str]


class Moody:
    """Raises whatever is asked of it."""

    def __str__(self) -> str:
        raise RuntimeError("not today")


class MoodyModel(BaseModel):
    @computed_field
    def mood(self) -> str:
        raise RuntimeError("not today")


class Sulking(Exception, Moody): ...


def endless() -> Any:
    while True:
        yield 1


def circle() -> list[Any]:
    members: list[Any] = []
    members.append(members)
    return members


def deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(5_000):
        value = [value]
    return value


RETURNS: dict[str, Callable[[], Any]] = {
    "nothing": lambda: None,
    "receipt": lambda: [Receipt(total=Decimal("10.50"), paid_on=date(2026, 1, 2))],
    "pair": lambda: Pair(1, {"a"}),
    "moment": lambda: {"at": datetime(2026, 1, 2, 3, tzinfo=UTC), "number": 1.0},
    "nul": lambda: "a\x00b",
    "surrogate": lambda: {"a": "\ud800"},
    "bytes": lambda: b"\xff\xfe",
    "nan": lambda: float("nan"),
    "function": lambda: print,
    "generator": endless,
    "circle": circle,
    "deep": deep,
    "integer": lambda: 2**60,
    "keys": lambda: {1: "a", "1": "b"},
    "moody model": MoodyModel,
    "much": lambda: ["x" * 1000] * 1100,
}
RAISES: dict[str, Callable[[], BaseException]] = {
    "declined": lambda: ToolError("No such order.\x00", type="not_found", retryable=True),
    "bug": lambda: ValueError("bad \ud800 value"),
    "base": lambda: KeyboardInterrupt("stop"),
    "exit": lambda: SystemExit(3),
    "sulk": Sulking,
    "long": lambda: ValueError("x" * 100_000),
}


@tool(effect="read")
def return_by_name(name: str) -> Any:
    """Return something odd."""
    return RETURNS[name]()


@tool(effect="read")
def raise_by_name(name: str) -> None:
    """Raise something."""
    raise RAISES[name]()


@tool(effect="read")
def tell_types(context: CallContext, receipt: Receipt, days: list[date]) -> list[str]:
    """Say what arrived."""
    return [type(receipt).__name__, str(receipt.total), days[0].isoformat(), context.key]


def run(spec: ToolSpec, context: CallContext, effect: Any, **args: Any) -> Any:
    return perform(spec.declared_as(effect, "inside"), spec.prepare(args), context)


def test_a_function_gets_the_values_that_it_declares(context: CallContext) -> None:
    args = {"receipt": {"total": "1.10", "paid_on": "2026-01-02"}, "days": ["2026-01-03"]}
    assert run(tell_types, context, "read", **args).value == '["Receipt","1.10","2026-01-03","the-key"]'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nothing", "null"),
        ("receipt", '[{"paid_on":"2026-01-02","total":"10.50"}]'),
        ("pair", '{"left":1,"right":["a"]}'),
        ("moment", '{"at":"2026-01-02T03:00:00Z","number":1}'),
    ],
)
def test_a_result_becomes_canonical_text(context: CallContext, name: str, text: str) -> None:
    assert run(return_by_name, context, "read", name=name).value == text


@pytest.mark.parametrize(
    ("name", "type"),
    [
        *((name, "unreadable") for name in ("nul", "surrogate", "bytes", "nan", "function", "generator", "circle")),
        *((name, "unreadable") for name in ("deep", "integer", "keys")),
        ("much", "too_large"),
    ],
)
def test_an_unusable_result_fails_a_read_but_not_an_effect_that_has_happened(
    context: CallContext, settings: Any, name: str, type: str
) -> None:
    settings.MAX_RESULT_BYTES = 1_000_000
    read = run(return_by_name, context, "read", name=name)
    assert (read.kind, read.error["type"], read.value) == ("failed", type, None)
    for effect in ("keyed", "unsafe"):
        happened = run(return_by_name, context, effect, name=name)
        assert (happened.kind, happened.error) == ("succeeded", None)
        assert json.loads(happened.value)["unreadable_result"]["type"] == type


def test_a_result_that_raises_while_it_is_read_is_unusable(context: CallContext) -> None:
    assert "not today" in run(return_by_name, context, "keyed", name="moody model").value


def test_a_tool_error_is_a_failure_whatever_the_effect(context: CallContext) -> None:
    for effect in ("read", "keyed", "unsafe"):
        result = run(raise_by_name, context, effect, name="declined")
        assert result.kind == "failed"
        assert result.error == {"type": "not_found", "message": "No such order.\ufffd", "retryable": True}


@pytest.mark.parametrize(
    ("name", "type", "message"),
    [
        ("bug", "exception", "ValueError: bad ? value"),
        ("base", "exception", "KeyboardInterrupt: stop"),
        ("exit", "crashed", "SystemExit: 3"),
        ("sulk", "exception", "Sulking"),
    ],
)
def test_any_other_exception_fails_a_read_and_leaves_an_effect_unknown(
    context: CallContext, name: str, type: str, message: str
) -> None:
    for effect, kind, retryable in (("read", "failed", True), ("keyed", "unknown", True), ("unsafe", "unknown", False)):
        result = run(raise_by_name, context, effect, name=name)
        assert (result.kind, result.value) == (kind, None)
        assert result.error == {"type": type, "message": message, "retryable": retryable}


def test_a_message_is_kept_short_and_tells_no_paths(context: CallContext) -> None:
    assert len(run(raise_by_name, context, "read", name="long").error["message"]) < 2_100
    assert __file__ not in str(run(raise_by_name, context, "read", name="bug").error)
