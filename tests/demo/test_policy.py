"""The demo's rules, judged without any database."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from agents.tools import registry
from agents.tools.question import QUESTION
from demo.policy import RULES
from reviews.policy.evaluate import evaluate
from reviews.policy.values import Context, Requirement, Rule, Verdict, seats

DEMANDS = ("undo_seconds", "risk")
FACTS = {"order": {"customer": {"name": "Marta", "email": "marta@example.com"}}}
NO_ORDER = {"order": {"error": {"type": "unknown_order"}}}


def judge(tool: str, args: Mapping[str, Any] | None = None, facts: Mapping[str, Any] = FACTS) -> Verdict:
    spec = QUESTION if tool == QUESTION.name else registry.get(tool)
    assert spec
    context = Context(
        args=args or {},
        tool={"name": tool, "effect": spec.effect, "reaches": spec.reaches},
        agent={"name": "refunds-desk", "version": 1},
        run={"steps": 3, "cost": 0.0, "labels": {}},
        actor={"id": 1, "username": "olga"},
        facts=facts,
        taint=[],
        now=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return evaluate([as_value(rule) for rule in RULES], context)


def as_value(rule: Mapping[str, Any]) -> Rule:
    demanded = {name: rule[name] for name in DEMANDS if name in rule}
    requirement = Requirement(seats=seats(rule["seats"]), channels=tuple(rule["channels"]), **demanded)
    return Rule(rule["name"], rule["effect"], tool=rule["tool"], condition=rule["condition"], requirement=requirement)


def asked(verdict: Verdict) -> list[tuple[int, str | None]]:
    return [(seat.count, seat.group) for seat in verdict.requirement.seats]


@pytest.mark.parametrize(
    ("amount", "decision", "seated", "undo_seconds"),
    [
        ("0.01", "allow", [(1, "finance")], 0),
        ("50.00", "allow", [(1, "finance")], 0),
        ("50.01", "ask", [(1, "finance")], 0),
        ("1000.00", "ask", [(1, "finance")], 0),
        ("1000.01", "ask", [(1, "finance"), (1, None)], 5),
        ("9999999.99", "ask", [(1, "finance"), (1, None)], 5),
    ],
)
def test_refunds_by_their_amount(amount: str, decision: str, seated: list[Any], undo_seconds: int) -> None:
    verdict = judge("issue_refund", {"amount": amount})
    assert (verdict.decision, asked(verdict), verdict.requirement.undo_seconds) == (decision, seated, undo_seconds)
    assert verdict.requirement.channels == ("api", "web")


def test_an_amount_that_cannot_be_read_asks() -> None:
    assert judge("issue_refund", {"amount": "many"}).decision == "ask"
    assert judge("issue_refund").decision == "ask"


@pytest.mark.parametrize(
    ("to", "facts", "decision"),
    [
        ("marta@example.com", FACTS, "allow"),
        ("someone@example.com", FACTS, "ask"),
        ("Marta@example.com", FACTS, "ask"),
        ("marta@example.com", NO_ORDER, "ask"),
        ("marta@example.com", {}, "ask"),
    ],
)
def test_mail_by_whom_it_goes_to(to: str, facts: dict[str, Any], decision: str) -> None:
    verdict = judge("send_email", {"to": to}, facts)
    assert verdict.decision == decision and asked(verdict) == [(1, None)]


def test_deleting_is_denied_and_looking_is_allowed() -> None:
    assert judge("delete_customer", {"email": "marta@example.com"}).decision == "deny"
    assert [judge(tool).decision for tool in ("lookup_order", "search_help")] == ["allow", "allow"]


def test_questions_may_be_answered_by_any_approver_on_every_channel() -> None:
    verdict = judge("question", {"text": "Really?"})
    assert (verdict.decision, asked(verdict), verdict.requirement.channels) == ("ask", [(1, None)], ("api", "web"))
