"""REST: budgets, with what is used of them and left."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema

from agents.api import pages
from agents.models import Budget, Run
from workspaces.exceptions import Forbidden
from workspaces.models import Scope
from workspaces.principal import Principal

router = Router(tags=["budgets"])


class BudgetOut(Schema):
    """A budget as it stands in its current term; amounts in its unit, `used` and `left` null for a run's own."""

    id: UUID
    agent: str | None
    period: Budget.Period
    unit: Budget.Unit
    soft: float | None
    hard: float | None
    on_hard: Budget.OnHard
    asks_for: float | None
    term: str | None
    used: float | None
    held: float | None
    raised: float | None
    left: float | None
    created_at: datetime


class BudgetPage(Schema):
    """Newest first; `next` is the cursor of the next page, or null."""

    items: list[BudgetOut]
    next: str | None


@router.get("/budgets", response=BudgetPage)
def list_budgets(
    request: HttpRequest,
    run: UUID | None = None,
    cursor: str = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Any:
    """The budgets of the workspace; with `run`, what that run and its child runs have used of budgets a run."""
    principal: Principal = request.auth  # type: ignore[attr-defined]
    if not principal.may("view", Scope.CONFIG_READ):
        raise Forbidden(f"{principal.name} may not read budgets: this needs the scope config:read.")
    root = get_object_or_404(Run, workspace=principal.workspace, pk=run) if run else None
    term = str(root.root_id or root.pk) if root else ""
    budgets = Budget.objects.filter(workspace=principal.workspace).select_related("agent").with_use(term)
    found, following = pages.page(budgets, cursor, limit)
    return {"items": [_shown(budget) for budget in found], "next": following}


def _shown(budget: Any) -> dict[str, Any]:
    is_known = bool(budget.term)
    standing = {name: getattr(budget, name) if is_known else None for name in ("term", "used", "held", "raised")}
    fixed = {name: getattr(budget, name) for name in ("id", "period", "unit", "soft", "hard", "on_hard", "asks_for")}
    agent = {"agent": budget.agent.name if budget.agent else None, "created_at": budget.created_at}
    return fixed | agent | standing | {"left": _left(budget) if is_known else None}


def _left(budget: Any) -> Decimal | None:
    return None if budget.hard is None else max(Decimal(0), budget.hard + budget.raised - budget.used)
