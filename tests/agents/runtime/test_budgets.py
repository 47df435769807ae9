"""Budgets over whole runs: what is held before a call, settled with its step, given back, and asked for."""

from decimal import Decimal

import orjson
import pytest
from django.core.exceptions import ValidationError
from django.db.models import Sum

from agents.exceptions import LostClaim
from agents.gateway import ModelReply, Usage
from agents.models import Budget, BudgetHold, BudgetUse, Run, ToolCall
from agents.runtime.advance import advance
from agents.runtime.budgets import Spending, of_call
from agents.runtime.budgets.keeping import keep
from agents.runtime.claim import Claim
from agents.runtime.commit import Segment
from agents.runtime.drive import Row
from agents.runtime.effects import Outcome
from agents.runtime.text import loads
from tests.agents.conftest import asks, says
from tests.ledger.tools import lines
from workspaces.models import Event, Switch

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def budget(workspace):
    def budget(hard, unit="tokens", period="day", **fields):
        made = Budget.objects.create(workspace=workspace, unit=unit, period=period, hard=hard, **fields)
        Switch.tighten(workspace.pk)
        return made

    return budget


def turn(blocks, tokens=60, provider="scripted"):
    usage = Usage(input_tokens=tokens)
    return lambda request: ModelReply(blocks, "end_turn", usage, model="claude-sonnet-5-5", provider=provider)


def looking(turns, **fields):
    return [turn(says(f"turn {n}") + asks(("ledger_look", {"what": "a"})), **fields) for n in range(turns)]


def used(budget):
    return BudgetUse.objects.filter(budget=budget).aggregate(sum=Sum("amount"))["sum"] or 0


def told(kind):
    return Event.objects.filter(kind=kind).count()


def again(run):
    advance(run.pk)
    run.refresh_from_db()
    return run


def test_a_day_ends_runs_with_what_they_have(play, budget):
    tokens = budget(100)
    run = play("r", looking(5))
    assert (run.status, run.ended_by, loads(run.result), run.tokens) == ("succeeded", "day_tokens", "turn 1", 120)
    assert (used(tokens), BudgetHold.objects.count(), told("run.over_budget")) == (120, 0, 1)
    later = play("r2", looking(1))
    assert (later.status, later.ended_by, later.seq, used(tokens)) == ("succeeded", "day_tokens", 1, 120)


def test_each_unit_is_counted_as_it_was_used(play, budget, agent):
    made = {unit: budget(1000, unit, agent=agent) for unit in Budget.Unit.values}
    other = budget(1000, agent=type(agent).objects.create(workspace=agent.workspace, name="other"))
    turns = [turn(asks(("ledger_look", {"what": "a"}), ("nothing", {})), provider="anthropic"), turn(says("done"))]
    run = play("r", turns)
    assert run.status == "succeeded" and run.cost == 120
    assert {unit: used(row) for unit, row in made.items() if unit != "seconds"} == {
        "tokens": 120,
        "cost": Decimal("0.00012"),
        "tool_calls": 1,  # the one that does not exist was not made
        "steps": run.seq,
        "runs": 1,
    }
    assert 0 < used(made["seconds"]) < 100 and used(other) == 0
    assert set(BudgetUse.objects.values_list("term", flat=True)) == {run.created_at.strftime("%Y-%m-%d")}


def test_so_many_runs_begin_and_no_more(play, budget):
    runs = budget(2, "runs")
    words = [play(name, [says("done")]).ended_by for name in ("r", "r2", "r3", "r4")]
    assert words == ["", "", "day_runs", "day_runs"] and used(runs) == 2
    assert Run.objects.filter(seq=1, result="null").count() == 2 and not BudgetHold.objects.exists()
    for wrong in ({"period": "run"}, {"on_hard": "ask", "asks_for": Decimal(1)}):
        with pytest.raises(ValidationError, match="A run"):
            Budget(unit="runs", hard=Decimal(2), **{"period": "day"} | wrong).clean()


def test_under_a_budget_in_money_a_model_without_a_price_is_not_asked(play, agent, budget):
    budget(5, "cost")
    agent.add_version(chain=[{"provider": "anthropic", "model": "grown-at-home"}], tools=[])
    run = play("r", [])
    assert (run.status, run.error["type"], run.cost) == ("failed", "unknown_price", 0)
    assert "grown-at-home of anthropic" in run.error["message"] and "$5.00 a day" in run.error["message"]


def test_of_parallel_calls_only_as_many_start_as_there_is_room_for(play, budget):
    calls = budget(2, "tool_calls", "month")
    run = play("r", [asks(*(("ledger_put", {"what": str(n)}) for n in range(4))), says("done")])
    assert (run.status, run.ended_by, len(lines()), used(calls)) == ("succeeded", "month_tool_calls", 2, 2)
    assert sorted(ToolCall.objects.values_list("status", flat=True)) == ["cancelled"] * 2 + ["succeeded"] * 2


def test_steps_of_a_version_are_counted_before_tools_too(play, agent):
    agent.add_version(chain=[{"provider": "scripted", "model": "story"}], tools=["ledger_put"], max_steps=4)
    run = play("r", [asks(*(("ledger_put", {"what": str(n)}) for n in range(4))), says("done")])
    assert (run.status, run.ended_by, run.seq, len(lines())) == ("succeeded", "max_steps", 4, 2)


def test_a_run_has_a_budget_of_its_own_and_its_children_share_it(play, start, budget):
    tokens = budget(100, period="run", soft=50)
    first, second = play("r", looking(5)), play("r2", looking(5))
    assert {first.ended_by, second.ended_by} == {"run_tokens"} and used(tokens) == 240
    assert told("budget.soft_limit") == 2
    child = start("c", looking(5), parent=first, root=first, parent_position="9")
    assert again(child).ended_by == "run_tokens" and used(tokens) == 240


def test_a_soft_limit_is_told_once_a_term(play, budget):
    budget(None, soft=50)
    play("r", [*looking(2), says("done")])
    keep()
    keep()
    assert told("budget.soft_limit") == 1


@pytest.mark.parametrize("change", ["raised", "deleted", "yesterday"])
def test_a_run_that_asks_for_more_goes_on_once_there_is_room(play, budget, change):
    tokens = budget(100, on_hard="ask", asks_for=50)
    run = play("r", [*looking(2), turn(says("done"))])
    asked = ToolCall.objects.get(tool="raise_budget")
    assert (run.status, asked.status, asked.title) == (
        "waiting",
        "waiting",
        "Raise the budget of 100 tokens a day for all agents by 50",
    )
    assert asked.arguments | {"used": 120, "allowed": 100, "more": 50} == asked.arguments
    keep()
    assert again(run).status == "waiting" and ToolCall.objects.filter(tool="raise_budget").count() == 1
    if change == "raised":
        Budget.objects.update(hard=200)
    elif change == "deleted":
        Budget.objects.all().delete()
        Switch.tighten(run.workspace_id)
    else:
        old = orjson.dumps(asked.arguments | {"term": "2026-01-01"})
        ToolCall.objects.filter(pk=asked.pk).update(args=old)
        BudgetUse.objects.update(term="2026-01-01")
    keep()
    asked.refresh_from_db()
    assert asked.status == "cancelled" and again(run).status == "succeeded" and loads(run.result) == "done"
    assert change == "deleted" or used(tokens) == 180


def test_more_may_be_asked_for_more_than_once(play, budget):
    budget(100, on_hard="ask", asks_for=10)
    run = play("r", [*looking(2), *looking(1), turn(says("done"))])
    Budget.objects.update(hard=130)
    keep()
    assert again(run).status == "waiting"
    assert list(ToolCall.objects.filter(tool="raise_budget").order_by("id").values_list("status", flat=True)) == [
        "cancelled",
        "waiting",
    ]
    ToolCall.objects.filter(tool="raise_budget", status="waiting").update(status="rejected")
    run.wake()
    assert (again(run).status, run.ended_by, loads(run.result)) == ("succeeded", "day_tokens", "turn 0")


def test_what_a_dead_worker_held_is_given_back_and_nothing_is_counted_twice(start, budget):
    calls = budget(1, "tool_calls")
    run = start("r", [asks(("ledger_look", {"what": "a"})), says("done")])
    dead = Claim.take(run.pk)
    assert Spending(dead).room("1", lambda: of_call(1)) == "held"
    keep()
    assert BudgetHold.objects.count() == 1
    Run.objects.update(lease_until=run.created_at)
    alive = Claim.take(run.pk)
    assert Spending(alive).room("1.0", lambda: of_call(1)) == "later"
    keep()
    assert Spending(alive).room("1.0", lambda: of_call(1)) == "held"
    with pytest.raises(LostClaim):
        late = Segment(rows=[Row("1", "tool", b"", Outcome("null"), seq=1)], to="running", tool_calls=1)
        late.settlement = Spending(dead).settlement(late, [])
        dead.commit(late)
    with pytest.raises(LostClaim):
        Spending(dead).room("1", lambda: of_call(1))
    assert used(calls) == 0
    Run.objects.update(lease_until=run.created_at)
    keep()
    assert again(run).status == "succeeded" and (used(calls), BudgetHold.objects.count()) == (1, 0)


def test_a_recording_spends_nothing(play, budget, workspace, agent):
    from agents.models import Recording

    tokens = budget(1)
    recording = Recording.objects.create(
        workspace=workspace,
        agent=agent,
        digest=b"x",
        messages="[]",
        turns='[[{"type":"text","text":"ok"}]]',
        results="[]",
    )
    agent.add_version(chain=[{"provider": "recorded", "model": "recorded"}])
    run = play("r", [], recording=recording)
    assert run.status == "succeeded" and run.tokens > 1 and used(tokens) == 0


def test_without_a_budget_nothing_is_asked_of_the_database(start, django_db_blocker):
    claim = Claim.take(start("r", []).pk)
    spending = Spending(claim)
    assert spending.limits == []  # remembered from here on
    segment = Segment(rows=[Row("1", "tool", b"", Outcome("null"), seq=1)], to="running")
    with django_db_blocker.block():
        assert spending.room("1", lambda: of_call(1)) == "held"
        assert spending.settlement(segment, ["2"]) is None
