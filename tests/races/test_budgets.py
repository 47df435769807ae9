"""Many runs against one budget: it is overspent by one call of each of them at most, and never stopped short of."""

from collections import Counter
from decimal import Decimal

import pytest
from django.db.models import Sum

from agents.gateway import ModelReply, Usage
from agents.gateway.scripted import call, say, script
from agents.models import Budget, BudgetHold, BudgetUse, Run
from agents.runtime.advance import advance
from agents.runtime.budgets import Spending, of_call
from agents.runtime.claim import Claim
from tests.factories import House, make_agent, make_house, make_run
from tests.races.rounds import ROUNDS, race
from workspaces.models import Switch

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]
RUNS, TOKENS = 4, 50


@script("spender")
def spender(request):
    return ModelReply([say("more"), call("nothing")], "tool_use", Usage(input_tokens=TOKENS), "spender", "scripted")


@pytest.fixture
def house(transactional_db: None) -> House:
    return make_house()


def limited(house: House, hard: int, unit: str) -> Budget:
    Budget.objects.all().delete()
    budget = Budget.objects.create(workspace=house.workspace, period="day", unit=unit, hard=hard)
    Switch.tighten(house.workspace.pk)
    return budget


def test_runs_that_ask_at_once_pass_a_budget_by_one_call_each_at_most(house: House) -> None:
    passed: Counter[int] = Counter()
    for _ in range(ROUNDS):
        limited(house, 6, "tool_calls")
        claims = [Claim.take(make_run(house.agent, status="queued").pk) for _ in range(RUNS)]

        def spend(claim: Claim | None) -> int:
            assert claim
            spending = Spending(claim)
            return sum(spending.room(str(place), lambda: of_call(1)) == "held" for place in range(6))

        started = race(*((lambda claim=claim: spend(claim)) for claim in claims))
        assert 6 <= sum(started) <= 6 + RUNS and BudgetHold.objects.count() == sum(started)
        passed[sum(started) - 6] += 1
        BudgetHold.objects.all().delete()
    print("passed by:", dict(passed))


def test_no_more_runs_begin_than_a_budget_allows_however_many_begin_at_once(house: House) -> None:
    for _ in range(ROUNDS):
        limited(house, RUNS - 1, "runs")
        spendings = [
            Spending(claim) for _ in range(RUNS) if (claim := Claim.take(make_run(house.agent, status="queued").pk))
        ]
        race(*(spending.begin for spending in spendings))
        assert BudgetHold.objects.count() == RUNS - 1 == sum(not spending.used_up for spending in spendings)
        BudgetHold.objects.all().delete()


def test_whole_runs_spend_a_budget_up_and_pass_it_by_one_turn_each_at_most(house: House) -> None:
    agent = make_agent(house.workspace, "spender", tools=[], chain=[{"provider": "scripted", "model": "spender"}])
    budget = limited(house, 10 * TOKENS, "tokens")
    runs = [make_run(agent, status="queued") for _ in range(RUNS)]
    race(*((lambda run=run: advance(run.pk)) for run in runs))
    assert set(Run.objects.filter(agent=agent).values_list("status", "ended_by")) == {("succeeded", "day_tokens")}
    spent = Run.objects.filter(agent=agent).aggregate(sum=Sum("tokens"))["sum"]
    counted = BudgetUse.objects.filter(budget=budget).aggregate(sum=Sum("amount"))["sum"]
    assert counted == Decimal(spent) and 10 * TOKENS <= spent <= (10 + RUNS) * TOKENS
    assert not BudgetHold.objects.exists()
