"""What rules say about a call, on plain values."""

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from reviews.policy.evaluate import evaluate
from reviews.policy.values import Context, Requirement, Rule, Seat, Verdict

FINANCE = Requirement(seats=(Seat(1, "finance"),))


def context(**fields: Any) -> Context:
    values = {
        "args": {"amount": 80, "to": "a@b.example"},
        "tool": {"name": "refund", "effect": "unsafe", "reaches": "inside"},
        "agent": {"name": "desk", "version": 3},
        "run": {"steps": 4, "cost": 0.25, "labels": {"env": "live"}},
        "actor": {"id": 7, "username": "olga"},
        "facts": {"customer": {"email": "a@b.example"}},
        "taint": [],
        "now": datetime(2026, 11, 21, 18, 30, tzinfo=UTC),
    }
    return Context(**{**values, **fields})


def rule(effect: str = "ask", **fields: Any) -> Rule:
    return Rule(**{"name": effect, "effect": effect, **fields})


def judged(*rules: Rule, **fields: Any) -> Verdict:
    return evaluate(rules, context(**fields))


@pytest.mark.parametrize(
    ("effect", "reaches", "taint", "decision"),
    [
        ("read", "inside", [], "allow"),
        ("read", "inside", ["args.to"], "allow"),
        ("read", "outside", [], "allow"),
        ("read", "outside", ["args.to"], "ask"),
        ("keyed", "inside", [], "ask"),
        ("unsafe", "inside", [], "ask"),
        ("unsafe", "outside", [], "ask"),
    ],
)
def test_where_no_rule_speaks_only_harmless_reads_are_allowed(
    effect: str, reaches: str, taint: list[str], decision: str
) -> None:
    verdict = judged(tool={"name": "t", "effect": effect, "reaches": reaches}, taint=taint)
    assert (verdict.decision, verdict.requirement.seats) == (decision, (Seat(1, None),))


@pytest.mark.parametrize(
    ("effects", "decision"),
    [
        (["allow"], "allow"),
        (["ask"], "ask"),
        (["deny"], "deny"),
        (["allow", "ask"], "ask"),
        (["allow", "deny"], "deny"),
        (["ask", "deny"], "deny"),
        (["allow", "ask", "deny"], "deny"),
    ],
)
def test_deny_wins_over_ask_and_ask_over_allow_in_any_order(effects: list[str], decision: str) -> None:
    for order in permutations(effects):
        assert judged(*(rule(effect) for effect in order)).decision == decision


@pytest.mark.parametrize(
    ("fields", "result"),
    [
        ({}, "matched"),
        ({"tool": "refund"}, "matched"),
        ({"tool": "re*"}, "matched"),
        ({"tool": "send_*"}, "other_tool"),
        ({"tool": "REFUND"}, "other_tool"),
        ({"agent": "desk"}, "matched"),
        ({"agent": "imported/*"}, "other_agent"),
        ({"labels": {"env": "live"}}, "matched"),
        ({"labels": {"env": "test"}}, "other_labels"),
        ({"labels": {"region": "eu"}}, "other_labels"),
        ({"condition": "args.amount > 50"}, "matched"),
        ({"condition": "args.amount > 100"}, "false"),
        ({"condition": "args.to == facts.customer.email"}, "matched"),
        ({"condition": "tool.effect == 'unsafe' && agent.version >= 3"}, "matched"),
        ({"condition": "run.cost < 0.5 && run.steps == 4 && run.labels.env == 'live'"}, "matched"),
        ({"condition": "actor.username == 'olga' && actor.id == 7"}, "matched"),
        ({"condition": "now.getHours('Europe/Amsterdam') >= 18"}, "matched"),
        ({"condition": "size(taint) > 0"}, "false"),
        ({"condition": "args.nothing > 1"}, "error"),
        ({"condition": "args.amount > 'much'"}, "error"),
        ({"condition": "args.amount"}, "error"),
        ({"condition": "'yes'"}, "error"),
        ({"condition": "has(args.nothing) && args.nothing > 1"}, "false"),
        ({"condition": "facts.customer.error.type == 'timeout'"}, "error"),
    ],
)
def test_a_rule_matches_by_tool_agent_labels_and_condition(fields: dict[str, Any], result: str) -> None:
    (finding,) = judged(rule("deny", **fields)).findings
    assert finding.result == result


@pytest.mark.parametrize("effect", ["allow", "ask", "deny"])
def test_a_rule_that_cannot_be_evaluated_asks(effect: str) -> None:
    verdict = judged(rule(effect, condition="args.nothing > 1", requirement=FINANCE))
    assert verdict.decision == "ask"
    assert verdict.requirement.seats == (FINANCE.seats if effect == "ask" else (Seat(),))
    assert "has(args.nothing)" in verdict.why


def test_an_error_does_not_weaken_a_deny() -> None:
    assert judged(rule("allow", condition="args.nothing"), rule("deny")).decision == "deny"


@pytest.mark.parametrize("mode", ["warn", "shadow"])
@pytest.mark.parametrize("effect", ["allow", "ask", "deny"])
def test_rules_that_are_not_enforced_change_nothing_and_are_recorded(mode: str, effect: str) -> None:
    verdict = judged(rule("allow", name="base"), rule(effect, name="tried", mode=mode))
    explanation = verdict.explanation()
    assert verdict.decision == "allow"
    assert explanation["warnings"] == (["tried"] if mode == "warn" else [])
    assert [(said["rule"], said["result"]) for said in explanation["rules"]] == [
        ("base", "matched"),
        ("tried", "matched"),
    ]


def test_the_explanation_names_every_rule_with_what_it_read() -> None:
    rules = [
        rule("ask", name="over 50", condition="args.amount > 50 && args.to != 'x'", policy="Refunds", revision_id=9),
        rule("deny", name="mail", tool="send_*"),
    ]
    explanation = judged(*rules).explanation()
    assert explanation["rules"] == [
        {
            "policy": "Refunds", "revision_id": 9, "rule": "over 50", "effect": "ask", "mode": "enforce",
            "result": "matched", "read": {"args.amount": 80, "args.to": "a@b.example"}, "error": "",
        },
        {
            "policy": "", "revision_id": 0, "rule": "mail", "effect": "deny", "mode": "enforce",
            "result": "other_tool", "read": {}, "error": "",
        },
    ]  # fmt: skip
    assert (explanation["decision"], explanation["why"]) == ("ask", "Rule “over 50” asks people.")
    assert Requirement.read(explanation["requirement"]) == Requirement()


@pytest.mark.parametrize(
    ("effect", "why"),
    [
        ("deny", "Rules “a”, “b” and “c” forbid this call."),
        ("ask", "Rules “a”, “b” and “c” ask people."),
        ("allow", "Rules “a”, “b” and “c” allow this call."),
    ],
)
def test_several_rules_are_named_in_one_sentence(effect: str, why: str) -> None:
    assert evaluate([rule(effect, name=name) for name in "cab"], context()).why == why
