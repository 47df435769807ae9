"""Budgets, as an admin keeps them."""

import pytest

from agents.budgeting import keep_budget
from agents.models import Agent, Budget, BudgetUse
from agents.runtime.text import loads
from tests.admin.pages import page, sent, text
from tests.factories import make_agent
from workspaces.exceptions import Forbidden
from workspaces.models import AuditEntry, Event, Switch


def epoch(house) -> int:
    return Switch.objects.get(pk=house.workspace.pk).rules_epoch


def test_an_admin_sets_changes_and_removes_a_budget(house, visit):
    client, before = visit(house.root), epoch(house)
    fields = {"workspace": house.workspace.pk, "agent": house.agent.pk, "period": "day", "unit": "cost"}
    sent(client, page(Budget, "add"), **fields, soft="40", hard="50", on_hard="ask", asks_for="12.50")
    budget = Budget.objects.get()
    assert str(budget) == "$50.00 a day for desk"
    sent(client, page(budget), hard="60", unit="tokens")
    budget.refresh_from_db()
    assert (budget.hard, budget.unit) == (60, "cost")
    BudgetUse.objects.create(budget=budget, term=Budget.objects.with_use().get().term, shard=3, amount="1.25")
    assert "$1.25 of $60.00" in text(client.get(page(Budget)))
    client.post(page(budget, "delete"), {"post": "yes"})
    assert not Budget.objects.exists() and epoch(house) == before + 3
    kept, changed, removed = AuditEntry.objects.filter(kind__startswith="budget.").order_by("id")
    assert (kept.actor, loads(kept.detail)["soft"], loads(changed.detail)["hard"], removed.kind) == (
        "root",
        "40",
        "60",
        "budget.removed",
    )
    assert Event.objects.filter(kind="budget.kept").count() == 2


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"hard": "-5"}, "above 0"),
        ({"hard": "0"}, "above 0"),
        ({"hard": "NaN"}, "Enter a number"),
        ({"hard": "Infinity"}, "Enter a number"),
        ({"hard": "1e300"}, "digits"),
        ({"hard": "10", "soft": "11"}, "above the hard one"),
        ({"hard": "1.5"}, "whole tokens"),
        ({"hard": "10", "on_hard": "ask"}, "how much to ask for"),
        ({}, "a soft limit, a hard limit or both"),
    ],
)
def test_limits_that_cannot_be_kept_are_refused_where_they_stand(house, visit, fields, sentence):
    chosen = {"workspace": house.workspace.pk, "period": "month", "unit": "tokens", **fields}
    assert sentence in text(sent(visit(house.root), page(Budget, "add"), **chosen))
    assert not Budget.objects.exists()


def test_the_same_budget_twice_and_foreign_agents_are_refused(house, visit):
    client = visit(house.root)
    chosen = {"workspace": house.workspace.pk, "period": "month", "unit": "tokens", "hard": "10"}
    sent(client, page(Budget, "add"), **chosen)
    assert "already exists" in text(sent(client, page(Budget, "add"), **chosen))
    foreign = make_agent(house.sam.memberships.get().workspace, "theirs", tools=[])
    sent(client, page(Budget, "add"), **chosen, agent=foreign.pk)
    assert Budget.objects.count() == 1 and Agent.objects.count() == 2
    with pytest.raises(Exception, match="another workspace"):
        keep_budget(Budget(workspace=house.workspace, agent=foreign, period="day", unit="cost"), house.by("root"))


def test_only_admins_keep_budgets(house, ines, visit):
    assert visit(ines).get(page(Budget)).status_code == 403
    with pytest.raises(Forbidden):
        keep_budget(Budget(workspace=house.workspace, period="day", unit="cost", hard=1), house.by("ana"))
