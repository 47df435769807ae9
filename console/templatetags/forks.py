"""What the page of a run says about its forks."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import template

from agents.models import Run, RunStatus
from agents.runtime.text import loads
from console.standing import Standing, newest_with_standing, of_run
from reviews.models import ApprovalRequest
from tracing.working import working_seconds
from workspaces.principal import Principal, Right

register = template.Library()

SHOWN = 8


@dataclass(frozen=True, slots=True)
class Fork:
    """One fork in the list of a run's forks."""

    run: Run
    standing: Standing
    outcome: str
    """What it said in the end, or what it asks people for; empty while there is neither."""
    verdict: str
    """How that compares with the run; empty while one of the two has none."""
    worked: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Kin:
    """A run's forks, newest first, and how many more there are."""

    forks: list[Fork]
    has_more: bool


@register.filter
def may(principal: Principal, right: Right) -> bool:
    """Whether this person has the right here."""
    return principal.may(right)


@register.simple_tag
def forks_of(run: Run) -> Kin:
    """The forks of this run: three queries, or one where it has none."""
    found = list(newest_with_standing(run.forks.all(), SHOWN + 1).select_related("agent", "version"))
    if not found:
        return Kin([], has_more=False)
    asked, worked = asked_of([run, *found]), working_seconds(fork.pk for fork in found)
    own = outcome(run, asked)
    listed = [
        Fork(fork, of_run(fork), (said := outcome(fork, asked)), verdict(own, said), worked.get(fork.pk, 0.0))
        for fork in found
    ]
    return Kin(listed[:SHOWN], len(listed) > SHOWN)


def asked_of(runs: list[Run]) -> dict[UUID, str]:
    """What each run asks people for; of several requests the one that was asked first."""
    pending = ApprovalRequest.objects.pending().filter(run__in=runs).order_by("-pk")
    return dict(pending.values_list("run", "title"))


def outcome(run: Run, asked: dict[UUID, str]) -> str:
    """In words."""
    if not run.has_ended:
        return f"proposes: {asked[run.pk]}" if run.pk in asked else ""
    if run.error:
        return str(run.error.get("message") or run.error.get("type", ""))
    result = loads(run.result) if run.result else None
    if result is None:
        return str(run.get_status_display())
    return result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)


def verdict(own: str, said: str) -> str:
    """Whether the two came to the same."""
    if not (own and said):
        return ""
    return "same" if own == said else "differs"


@register.simple_tag
def newer_code(run: Run) -> dict[str, Any] | None:
    """For a run that diverged: the version of its agent that a fork could go on with."""
    if run.status != RunStatus.DIVERGED:
        return None
    version = run.agent.active_version or run.version
    is_newer = (version.flow, version.revision) != (run.flow, run.revision)
    said = f"Fork to {version.flow} revision {version.revision}" if is_newer else "Fork to the flow as it is now"
    return {"version": version, "words": said}
