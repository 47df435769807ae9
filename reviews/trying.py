"""Trying a rule out on calls that were made: what it would have said about each, had it been in force."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from uuid import UUID

from django.db.models import QuerySet

from agents.models import ToolCall
from reviews.policy import values
from reviews.policy.evaluate import consider

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


def stricter(trials: Iterable[Trial], effect: str) -> dict[str, int]:
    """How many calls the rule would have asked about or denied, of those that were judged more lightly then."""
    found = [(asked_of(each, effect), each.was) for each in trials if each.finding.is_hit]
    return dict(Counter(now for now, was in found if was in STRICTNESS and STRICTNESS[now] > STRICTNESS[was]))


def asked_of(trial: Trial, effect: str) -> str:
    """What the rule says of the call: one that cannot be evaluated asks."""
    return "ask" if trial.finding.result == "error" else effect


def on_latest(rule: values.Rule, workspace_id: int) -> list[Trial]:
    """The latest calls of tools and agents that the rule is about, newest first."""
    latest = _calls(workspace_id)[:LATEST]
    about = [call for call in latest if fnmatchcase(call.tool, rule.tool) and fnmatchcase(_agent(call), rule.agent)]
    return list(_tried(rule, about))


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
