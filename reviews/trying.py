"""Trying a rule out on calls that were made: what it would have said about each, had it been in force."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from uuid import UUID

from django.db.models import QuerySet

from agents.models import ToolCall
from reviews.gate import rules_in_force
from reviews.policy import values
from reviews.policy.evaluate import consider, evaluate

STRICTNESS = {"allow": 0, "ask": 1, "deny": 2}
LATEST = 500  # calls that a rule is tried on
READ = [
    *("tool", "effect", "reaches", "args", "facts", "verdict", "title", "created_at"),
    *("run__labels", "run__seq", "run__cost", "run__agent__name", "run__version__number", "run__started_by__username"),
]


@dataclass(frozen=True, slots=True)
class Trial:
    """One call, and what the rule says about it."""

    call: ToolCall
    finding: values.Finding

    @property
    def was(self) -> str:
        """What was decided about the call when it was made."""
        return str((self.call.verdict or {}).get("decision", ""))

    @property
    def said(self) -> str:
        """The same in words."""
        return {"allow": "allowed", "ask": "asked about", "deny": "denied"}.get(self.was, "not judged")


def stricter(trials: Iterable[Trial], effect: str) -> dict[str, int]:
    """How many calls the rule would have asked about or denied, of those that were judged more lightly then."""
    found = [(asked_of(each, effect), each.was) for each in trials if each.finding.is_hit]
    return dict(Counter(now for now, was in found if was in STRICTNESS and STRICTNESS[now] > STRICTNESS[was]))


def relaxed(rule: values.Rule, replaced: values.Rule, workspace_id: int, rules_epoch: int) -> dict[str, int]:
    """What the rules in force ask about or deny of the latest calls, and would not with `rule` instead of `replaced`:

    how many calls they would then only ask about, and how many they would allow.
    """
    before = rules_in_force(workspace_id, rules_epoch)
    others = [one for one in before if (one.policy, one.name) != (replaced.policy, replaced.name)]
    if len(others) == len(before):
        return {}  # it is not in force
    after, found = [*others, rule], Counter[str]()
    for call in _calls(workspace_id)[:LATEST]:
        if is_about(rule, call) or is_about(replaced, call):
            context = context_of(call)
            then, now = (evaluate(rules, context).decision for rules in (before, after))
            found[now] += STRICTNESS[now] < STRICTNESS[then]
    return dict(+found)


def is_about(rule: values.Rule, call: ToolCall) -> bool:
    """Whether the rule speaks of this tool and agent."""
    return fnmatchcase(call.tool, rule.tool) and fnmatchcase(_agent(call), rule.agent)


def asked_of(trial: Trial, effect: str) -> str:
    """What the rule says of the call: one that cannot be evaluated asks."""
    return "ask" if trial.finding.result == "error" else effect


def on_latest(rule: values.Rule, workspace_id: int) -> list[Trial]:
    """The latest calls of tools and agents that the rule is about, newest first."""
    latest = _calls(workspace_id)[:LATEST]
    return list(_tried(rule, [call for call in latest if is_about(rule, call)]))


def on_one(rule: values.Rule, workspace_id: int, call_id: UUID) -> Trial | None:
    """One call of the workspace."""
    return next(_tried(rule, _calls(workspace_id).filter(pk=call_id)), None)


def context_of(call: ToolCall) -> values.Context:
    """What rules may know about a call of the past. Steps and cost of its run are those of today: none are kept."""
    run = call.run
    started_by = run.started_by.username if run.started_by else None
    return values.Context(
        args=call.arguments,
        tool={"name": call.tool, "effect": call.effect, "reaches": call.reaches},
        agent={"name": run.agent.name, "version": run.version.number},
        run={"steps": run.seq, "cost": run.cost / 1_000_000, "labels": run.labels},
        actor={"id": run.started_by_id, "username": started_by},
        facts=call.facts,
        taint=[],
        now=call.created_at,
    )


def _tried(rule: values.Rule, calls: Iterable[ToolCall]) -> Iterator[Trial]:
    return (Trial(call, consider(rule, context_of(call))) for call in calls)


def _calls(workspace_id: int) -> "QuerySet[ToolCall]":
    joined = ToolCall.objects.select_related("run__agent", "run__version", "run__started_by").only(*READ)
    return joined.filter(workspace=workspace_id).order_by("-pk")


def _agent(call: ToolCall) -> str:
    return call.run.agent.name
