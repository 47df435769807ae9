"""The arithmetic of budgets, as tables: what may start, what a call is reckoned to use, what a step has used."""

import uuid
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from agents.gateway import ModelFailure, ModelReply, ModelRequest, Usage
from agents.models import Budget
from agents.models.budget import shown
from agents.runtime.budgets import Account, of_call, of_model
from agents.runtime.budgets.estimate import of_segment
from agents.runtime.budgets.spending import judged
from agents.runtime.commit import Segment
from agents.runtime.drive import Row
from agents.runtime.effects import Outcome
from agents.runtime.outcomes import of_failure, of_reply

FAILED = {"provider": "anthropic", "model": "claude-sonnet-5-5", "kind": "timeout", "seconds": 1.0}
LOST = FAILED | {"usage": {"input": 100, "cache_read": 0, "cache_write": 0, "output": 10}}


@pytest.mark.parametrize(
    ("accounts", "answer"),
    [
        ([], "held"),
        ([(0, 0, 1)], "held"),
        ([(99, 0, 100)], "held"),
        ([("99.999999", 0, 100)], "held"),
        ([(99, 1, 100)], "later"),
        ([(0, 500, 100)], "later"),
        ([(100, 0, 100)], "none"),
        ([(101, 0, 100)], "none"),
        ([(0, 0, 1), (5, 0, 5)], "none"),
        ([(0, 9, 1), (5, 0, 5)], "none"),
        ([(0, 0, 1), (0, 1, 1)], "later"),
    ],
)
def test_a_call_may_start_while_anything_is_left(accounts: list[tuple[object, object, object]], answer: str) -> None:
    rows = [Account(uuid.uuid4(), "2026-11-21", *map(Decimal, row)) for row in accounts]  # type: ignore[arg-type]
    assert judged(rows) == answer


def test_a_model_call_is_reckoned_by_its_prompt_and_its_longest_reply_at_the_dearest_model() -> None:
    request = ModelRequest(system="x" * 1000, messages=[{"role": "user", "content": "é" * 500}], max_tokens=400)
    free, dear = {"provider": "scripted", "model": "s"}, {"provider": "anthropic", "model": "claude-sonnet-5-5"}
    amounts = of_model(request, [free, dear], 300)
    assert 1000 < amounts["tokens"] < 1100 + 400 and (amounts["steps"], amounts["seconds"]) == (1, 300)
    assert Decimal("0.005") < amounts["cost"] < Decimal("0.0065")
    assert of_model(request, [free], 300)["cost"] == of_model(request, [], 300)["cost"] == 0
    assert "tool_calls" not in amounts
    assert of_call(2.5) == {"tool_calls": 1, "steps": 1, "seconds": Decimal("2.5")}


def test_a_step_has_used_what_its_outcomes_say() -> None:
    row = Row("1", "model", b"", Outcome("null"), seq=2)
    row.tokens = 70
    segment = Segment(rows=[row], to="running", cost=1_234_567, doubts={"2": "why"}, tool_calls=1, seconds=1.23456)
    assert of_segment(segment) == {
        "runs": 0,
        "tokens": 70,
        "cost": Decimal("1.234567"),
        "tool_calls": 2,
        "steps": 1,
        "seconds": Decimal("1.235"),
    }


def test_failed_attempts_of_a_model_are_counted() -> None:
    reply = ModelReply([], "end_turn", Usage(50, 0, 0, 5), "claude-sonnet-5-5", "anthropic", attempts=(LOST, FAILED))
    ended = of_reply("1", reply)
    assert (ended.tokens, ended.cost) == (55 + 110, 150 + 300)
    failure = ModelFailure("Too late.", kind="timeout", retryable=True)
    assert (of_failure("1", failure).tokens, of_failure("1", failure).cost) == (0, 0)
    failure.attempts = (LOST, FAILED, LOST)
    assert (of_failure("1", failure).tokens, of_failure("1", failure).cost) == (220, 600)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"hard": "100"}, set()),
        ({"soft": "0.5", "hard": "0.5", "unit": "cost"}, set()),
        ({"hard": "999999999999"}, set()),
        ({}, {"hard"}),
        ({"hard": "0"}, {"hard"}),
        ({"hard": "-1"}, {"hard"}),
        ({"soft": "-1"}, {"soft"}),
        ({"hard": "NaN"}, {"hard"}),
        ({"soft": "Infinity", "hard": "1"}, {"soft"}),
        ({"hard": "-Infinity"}, {"hard"}),
        ({"hard": "1e12"}, {"hard"}),
        ({"hard": "1e400"}, {"hard"}),
        ({"hard": "0.0000001", "unit": "cost"}, {"hard"}),
        ({"hard": "1.5"}, {"hard"}),
        ({"hard": "many"}, {"hard"}),
        ({"soft": "11", "hard": "10"}, {"soft"}),
        ({"hard": "10", "on_hard": "ask"}, {"asks_for"}),
        ({"hard": "10", "on_hard": "ask", "asks_for": "0"}, {"asks_for"}),
        ({"soft": "10", "on_hard": "ask", "asks_for": "1"}, {"asks_for"}),
        ({"hard": "10", "on_hard": "explode"}, {"on_hard"}),
        ({"hard": "10", "period": "year"}, {"period"}),
        ({"hard": "10", "unit": "beans"}, {"unit"}),
    ],
)
def test_limits_that_cannot_be_kept_are_told_by_field(fields: dict[str, str], wrong: set[str]) -> None:
    budget = Budget(**{"period": "day", "unit": "tokens"} | fields)
    found: set[str] = set()
    try:
        budget.clean_fields(exclude=["workspace", "id"])
    except ValidationError as problems:
        found |= set(problems.message_dict)
    try:
        budget.clean()
    except ValidationError as problems:
        found |= set(problems.message_dict)
    assert found == wrong


def test_amounts_read_well() -> None:
    assert [shown(Decimal(amount), unit) for amount, unit in [("12.5", "cost"), ("0.000120", "cost")]] == [
        "$12.50",
        "$0.00012",
    ]
    assert shown(Decimal("20000.000000"), "tokens") == "20,000 tokens"
    assert shown(Decimal(1200), "tool_calls") == "1,200 tool calls"
