"""What the page of a run says about its forks."""

from dataclasses import dataclass
from typing import Any

from django import template

from agents.models import Run, RunStatus
from console.standing import Standing, of_run, with_standing
from workspaces.principal import Principal, Right

register = template.Library()

SHOWN = 8


@dataclass(frozen=True, slots=True)
class Fork:
    """One fork in the list of a run's forks."""

    run: Run
    standing: Standing
    verdict: str
    """How its outcome compares; empty while one of the two has none."""


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
    """The forks of this run: one query."""
    found = with_standing(run.forks.select_related("agent", "version")).order_by("-pk")[: SHOWN + 1]
    listed = [Fork(fork, of_run(fork), verdict(run, fork)) for fork in found]
    return Kin(listed[:SHOWN], len(listed) > SHOWN)


def verdict(run: Run, fork: Run) -> str:
    """Whether the two came to the same."""
    if not (run.has_ended and fork.has_ended):
        return ""
    same = (run.status, run.result) == (fork.status, fork.result)
    return "same outcome" if same else "another outcome"


@register.simple_tag
def newer_code(run: Run) -> dict[str, Any] | None:
    """For a run that diverged: the version of its agent that a fork could go on with."""
    if run.status != RunStatus.DIVERGED:
        return None
    version = run.agent.active_version or run.version
    is_newer = (version.flow, version.revision) != (run.flow, run.revision)
    said = f"Fork to {version.flow} revision {version.revision}" if is_newer else "Fork to the flow as it is now"
    return {"version": version, "words": said}
