"""Configuring budgets: checked, audited, and in force from the next call on; and how they stand."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from agents.models import Budget, BudgetUse
from workspaces import audit, events
from workspaces.models import Switch
from workspaces.principal import Principal

SAID = ["agent", "period", "unit", "soft", "hard", "on_hard", "asks_for"]


@transaction.atomic
def keep_budget(budget: Budget, by: Principal) -> None:
    """Save a new or changed budget; raises ValidationError by field."""
    by.require("administer")
    check_budget(budget)
    budget.full_clean()
    budget.save()
    BudgetUse.objects.filter(budget=budget, is_told=True).update(is_told=False)  # the soft limit may be another now
    _tell("budget.kept", budget, by)


@transaction.atomic
def remove_budget(budget: Budget, by: Principal) -> None:
    """Delete a budget with what it counted; runs that wait for more of it go on."""
    by.require("administer")
    _tell("budget.removed", budget, by)
    budget.delete()


def check_budget(budget: Budget) -> None:
    """Raise ValidationError where the agent is another workspace's."""
    if budget.agent and budget.agent.workspace_id != budget.workspace_id:
        raise ValidationError({"agent": "This agent belongs to another workspace."})


def _tell(kind: str, budget: Budget, by: Principal) -> None:
    """Claims look at their budgets anew, and so does everybody who watches."""
    Switch.tighten(budget.workspace_id)
    detail: dict[str, Any] = {name: _plain(getattr(budget, name)) for name in SAID}
    audit.record(budget.workspace_id, by, kind, f"budget:{budget.pk}", detail)
    events.record(budget.workspace_id, "configuration", kind)


def _plain(value: Any) -> str | None:
    return None if value is None else str(value)
