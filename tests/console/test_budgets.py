"""Budgets on the pages of agents and runs, and a request for more in the queue."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from agents.models import Budget, BudgetUse
from agents.tools.raise_budget import RAISE_BUDGET
from reviews.models import ApprovalRequest
from tests.factories import House, make_agent, make_call, make_run


def use(house: House, amount: int, term: str = "", **fields: Any) -> Budget:
    budget = Budget.objects.create(workspace=house.workspace, **fields)
    now = term or Budget.objects.with_use().get(pk=budget.pk).term
    BudgetUse.objects.create(budget=budget, term=now, shard=1, amount=amount)
    return budget


@pytest.fixture
def page(browse: Callable[[str], Client]) -> Callable[[str], str]:
    return lambda path: " ".join(browse("olga").get(path).content.decode().split())


def test_agents_show_what_is_used_today_and_this_month(house: House, page: Callable[[str], str]) -> None:
    other = make_agent(house.workspace, "other")
    use(house, 120, agent=house.agent, period="day", unit="tokens", soft=100, hard=200)
    use(house, 60, agent=other, period="day", unit="cost", hard=60)
    use(house, 7, period="month", unit="tool_calls", hard=1000)
    use(house, 3, period="run", unit="steps", hard=5, term="x")
    listed = page("/agents")
    assert '<span class="tag ">Tool calls a month, all agents: 7 of 1,000 tool calls</span>' in listed
    assert listed.count("Tokens a day: 120 of 200 tokens") == 1
    assert '<span class="tag bad">Cost a day: $60.00 of $60.00</span>' in listed and "Steps a run" not in listed
    own = page("/agents/desk")
    assert '<span class="tag warn">120 of 200 tokens</span>' in own and "Tool calls a month, all agents" in own
    assert "$60.00 of" not in own


def test_a_run_shows_its_limits_and_its_budgets(house: House, page: Callable[[str], str]) -> None:
    run = make_run(house.agent, house.olga, tokens=1500, seq=3)
    child = make_run(make_agent(house.workspace, "helper"), house.olga, parent=run, root=run, parent_position="1")
    use(house, 42, str(run.pk), agent=house.agent, period="run", unit="steps", hard=50)
    use(house, 9, str(child.pk), agent=child.agent, period="run", unit="tool_calls", hard=50)
    shown = page(f"/runs/{run.pk}")
    assert '1,500<span class="wide"> of 2,000,000<' in shown and '3<span class="wide"> of 200<' in shown
    for one in (shown, page(f"/runs/{child.pk}")):
        assert "<dt>Steps a run</dt><dd>42 of 50 steps</dd>" in one and "Tool calls a run" not in one


def test_a_request_for_more_is_a_card_with_two_answers(house: House, browse: Callable[[str], Client]) -> None:
    asked = {"budget": "b", "limits": "100 tokens a day for desk", "term": "2026-11-21", "used": 120, "allowed": 100}
    make_call(make_run(house.agent, house.olga), RAISE_BUDGET, asked | {"more": 50})
    approval = ApprovalRequest.objects.get()
    card = browse("ana").get(f"/review/{approval.pk}").content.decode()
    assert "Raise the budget of 100 tokens a day for desk by 50" in card and "Needs your approval" in card
    assert "120 of 100 are used (100 tokens a day for desk; 2026-11-21)" in card
    assert "Answer instead" not in card and "Why the agent wants this" not in card and 'value="approve"' in card
