"""GET /budgets, as a program reads it."""

import json
from uuid import uuid4

import pytest
from django.test import Client

from agents.models import Budget, BudgetHold, BudgetRaise, BudgetUse
from tests.factories import House, make_call, make_house, make_run
from tests.people import make_token


@pytest.fixture
def house(db: None) -> House:
    return make_house()


def get(house: House, query: str = "", *, who: str = "olga", scopes: tuple[str, ...] = ("config:read",)):
    key = make_token(getattr(house, who), *scopes)
    answer = Client().get(f"/api/v1/budgets{query}", headers={"Authorization": f"Bearer {key}"})
    return answer.status_code, json.loads(answer.content)


def use(budget: Budget, term: str, amount: int, shard: int = 0) -> None:
    BudgetUse.objects.create(budget=budget, term=term, shard=shard, amount=amount)


def test_what_is_used_held_raised_and_left(house: House) -> None:
    by_day = Budget.objects.create(workspace=house.workspace, agent=house.agent, period="day", unit="tokens", hard=100)
    today = Budget.objects.with_use().get().term
    run = make_run(house.agent, house.olga)
    use(by_day, today, 70)
    use(by_day, today, 50, shard=5)
    use(by_day, "2026-01-01", 999)
    BudgetHold.objects.create(budget=by_day, term=today, run_id=run.pk, position="1", epoch=1, amount=30)
    BudgetRaise.objects.create(
        budget=by_day, term=today, amount=40, person=house.ana, tool_call=make_call(run, status="succeeded")
    )
    status, said = get(house)
    assert status == 200 and said["next"] is None
    shown = {name: said["items"][0][name] for name in ("agent", "term", "used", "held", "raised", "left", "soft")}
    assert shown == {
        "agent": "desk",
        "term": today,
        "used": 120,
        "held": 30,
        "raised": 40,
        "left": 20,
        "soft": None,
    }


def test_a_run_shows_what_it_has_used_of_its_own(house: House) -> None:
    own = Budget.objects.create(workspace=house.workspace, period="run", unit="cost", soft="0.5")
    run = make_run(house.agent, house.olga)
    child = make_run(house.agent, house.olga, parent=run, root=run, parent_position="1")
    use(own, str(run.pk), 2)
    assert [get(house)[1]["items"][0][name] for name in ("used", "left")] == [None, None]
    for one in (run, child):
        item = get(house, f"?run={one.pk}")[1]["items"][0]
        assert (item["term"], item["used"], item["left"]) == (str(run.pk), 2, None)
    assert get(house, f"?run={uuid4()}")[0] == 404
    assert get(house, f"?run={run.pk}", who="sam")[0] == 404


def test_strangers_and_tokens_without_the_scope_see_none(house: House) -> None:
    Budget.objects.create(workspace=house.workspace, period="day", unit="steps", hard=1)
    assert get(house, who="sam") == (200, {"items": [], "next": None})
    status, said = get(house, scopes=("runs:read",))
    assert status == 403 and "config:read" in said["detail"]
    assert get(house, "?run=x")[0] == get(house, "?cursor=x")[0] == get(house, "?limit=0")[0] == 422
