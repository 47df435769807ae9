"""kill -9 at every crash point: the run goes on elsewhere, and each effect is in the ledger once or in doubt."""

import os
import signal

import pytest
from django.db.models import Sum

from agents.flows.react import react
from agents.models import Agent, Budget, BudgetHold, BudgetUse, Run, ToolCall
from agents.runtime.crash import POINTS
from agents.runtime.flow import flow as register
from agents.runtime.text import dumps
from tests.crashes.processes import check, eventually, sweep
from tests.ledger.tools import lines
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db(transaction=True)

SHORT = [
    "claimed:1", "before_commit:4", "committed:2", "before_start:1", "started:2", "submitted:2", "tool_returned:1",
    "model_returned:2", "before_doorbell:2",
]  # fmt: skip
LONG = [
    *SHORT, "before_commit:1", "before_commit:2", "committed:1", "committed:4", "before_start:2", "started:1",
    "submitted:1", "tool_returned:2", "tool_returned:3", "model_returned:1",
]  # fmt: skip
CASES = LONG if os.environ.get("CRASH_CASES") == "all" else SHORT


def test_the_cases_name_every_point_that_this_story_passes():
    assert {case.split(":")[0] for case in CASES} == set(POINTS) - {"before_park"}


def test_a_run_survives_kill_9_at_every_crash_point(tmp_path, monkeypatch):
    monkeypatch.setenv("LEDGER", str(tmp_path / "ledger"))
    runs = {case: start(f"crash-{case.replace(':', '-')}") for case in CASES}
    budgets = limit(next(iter(runs.values())).workspace)
    with (tmp_path / "log").open("wb") as log:
        armed = {
            case: sweep(log, COUNTERSIGN_CRASH=f"{case}:kill", LEDGER_FLOWS=run.flow) for case, run in runs.items()
        }
        for case, process in armed.items():
            assert process.wait(60) == -signal.SIGKILL, f"{case} was never passed"
        rescuer = sweep(log, LEDGER_FLOWS=",".join(run.flow for run in runs.values()))
        try:
            eventually(lambda: all(is_settled(run) for run in runs.values()), 60)
            in_doubt = answer_doubts()
            eventually(lambda: all(ended(run) for run in runs.values()), 60)
            eventually(lambda: not BudgetHold.objects.exists())
        finally:
            rescuer.kill()
            rescuer.wait()
    for run in runs.values():
        check(run)
        assert run.status == "succeeded"
    assert in_doubt >= 2  # killed between the intent and the outcome of an unsafe call
    spent = Run.objects.aggregate(tokens=Sum("tokens"), steps=Sum("seq"))
    assert {unit: used(budget) for unit, budget in budgets.items()} == spent


def limit(workspace):
    """Budgets that are never used up, so that every call takes hold of them and every step is settled."""
    far = {"workspace": workspace, "period": "month", "hard": 10**9}
    return {unit: Budget.objects.create(unit=unit, **far) for unit in ("tokens", "steps")}


def used(budget):
    return BudgetUse.objects.filter(budget=budget).aggregate(sum=Sum("amount"))["sum"]


def start(flow, model="ledger"):
    workspace = Workspace.objects.first() or Workspace.objects.found("Acme", "acme")
    agent = Agent.objects.filter(workspace=workspace).first() or Agent.objects.create(workspace=workspace, name="clerk")
    tools = ["ledger_look", "ledger_put", "ledger_pay"]
    version = agent.active_version or agent.add_version(chain=[{"provider": "scripted", "model": model}], tools=tools)
    register(flow)(react)
    return Run.objects.create(
        workspace=workspace, agent=agent, version=version, flow=flow, revision=1, input=dumps(flow)
    )


def ended(run):
    run.refresh_from_db()
    return run.has_ended


def is_settled(run):
    """It has ended, or waits for people to say whether a call happened."""
    return ended(run) or (run.status == "waiting" and run.tool_calls.filter(status="in_doubt").exists())


def answer_doubts():
    """Say what the ledger says, until no call is in doubt."""
    doubts = list(ToolCall.objects.filter(status="in_doubt"))
    for call in doubts:
        happened = any(str(call.pk) in line for line in lines())
        kind, result = ("happened", f"paid {call.arguments['what']}") if happened else ("did_not_happen", None)
        call.resolve(kind, by=None, digest=bytes(call.digest), result=result, reason="read in the ledger")
    return len(doubts)
