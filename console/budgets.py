"""Budgets as pages show them: what is used, of how much, and how near the limit that is."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from agents.models import Agent, Budget, Run
from agents.models.budget import shown
from console.standing import Tone
from workspaces.models import Workspace


@dataclass(frozen=True, slots=True)
class Use:
    """One budget in its current day, month or run."""

    agent_id: int | None
    label: str
    text: str
    tone: Tone


def of_run(run: Run) -> list[Use]:
    """The budgets that a run counts towards; those of each run are its root's."""
    root = run.root or run
    theirs = Q(agent=None) | Q(agent=run.agent_id) & ~Q(period="run") | Q(agent=root.agent_id, period="run")
    return _uses(_standing(run.workspace, str(root.pk)).filter(theirs))


def of_agent(agent: Agent) -> list[Use]:
    """The budgets of a day or a month that the agent's runs count towards."""
    return _uses(_standing(agent.workspace).filter(Q(agent=None) | Q(agent=agent)).exclude(period="run"))


def of_workspace(workspace: Workspace) -> list[Use]:
    """All of a day or a month."""
    return _uses(_standing(workspace).exclude(period="run"))


def _standing(workspace: Workspace, root: str = "") -> Any:
    return Budget.objects.in_workspace(workspace).with_use(root)


def _uses(budgets: Iterable[Any]) -> list[Use]:
    return [Use(budget.agent_id, _label(budget), _text(budget), _tone(budget)) for budget in budgets]


def _label(budget: Any) -> str:
    named = {"cost": "Cost", "seconds": "Time of calls"}
    unit = named.get(budget.unit) or budget.get_unit_display().capitalize()
    return f"{unit} {budget.per}" + ("" if budget.agent_id else ", all agents")


def _text(budget: Any) -> str:
    limit = budget.soft if budget.hard is None else budget.hard + budget.raised
    used = shown(budget.used, budget.unit)
    return f"{used if budget.unit == 'cost' else used.split(' ')[0]} of {shown(limit, budget.unit)}"


def _tone(budget: Any) -> Tone:
    if budget.hard is not None and budget.used >= budget.hard + budget.raised:
        return "bad"
    return "warn" if budget.soft is not None and budget.used >= budget.soft else ""
