"""Conditions in CEL: what is accepted, and what counts as true."""

from typing import Any

import pytest

from reviews.exceptions import ConditionRefused
from reviews.policy.conditions import ConditionFailed, check_condition, holds, values_read

VALUES: dict[str, Any] = {"args": {"amount": 80, "note": "x" * 500, "tags": ["a"]}, "facts": {}, "taint": []}


@pytest.mark.parametrize(
    "text", ["true", "args.amount > 50", "has(args.amount) && args.amount > 50.0", "args.flag", "args.to.matches('^a')"]
)
def test_a_condition_is_accepted(text: str) -> None:
    check_condition(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cannot be read"),
        ("args.amount >", "cannot be read: something is missing at the end.$"),
        ("(args.amount > 1", r"cannot be read: \) is missing at the end.$"),
        ("args.amount = 1", "== is what compares.$"),
        ("args.amount > 1 5", "5 does not belong here.$"),
        ("args.to == 'a", "not closed.$"),
        ("amount > 50", "write args.amount"),
        ("history.count > 3", "Conditions know args"),
        ("1 + 1", "this one gives INT"),
        ("'yes'", "this one gives STRING"),
        ("true && 1", "cannot be read"),
        ("__class__.__mro__", "cannot be read"),
        ("(" * 500 + "true" + ")" * 500, "cannot be read"),
        ("true && " * 500 + "true", "at most"),
    ],
)
def test_anything_else_is_refused_with_a_sentence(text: str, said: str) -> None:
    with pytest.raises(ConditionRefused, match=said) as refused:
        check_condition(text)
    assert refused.value.errors == [{"path": "/condition", "message": str(refused.value)}]
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "args.none > 1",
        "args.amount",
        "args.amount > 'x'",
        "args.amount + 9223372036854775807 > 0",
        "[1, 2]",
        "null",
        "tool.name == 'x'",
    ],
)
def test_only_a_plain_true_or_false_is_an_answer(text: str) -> None:
    with pytest.raises(ConditionFailed):
        holds(text, VALUES)


def test_values_that_cel_does_not_know_fail_as_well() -> None:
    for value in (2**70, object(), "\ud800"):
        with pytest.raises(ConditionFailed):
            holds("args.value == 1", {"args": {"value": value}})


def test_what_was_read_is_shown_short_and_without_what_is_not_there() -> None:
    text = "args.amount > 1 && args.note.contains('args.tags') && args.none == 1 && args.tags == ['a']"
    assert values_read(text, VALUES) == {"args.amount": 80, "args.note": "x" * 200 + "…", "args.tags": "['a']"}
