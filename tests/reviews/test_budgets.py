"""A run whose budget is used up asks for more, and people answer over the API."""

import json
from decimal import Decimal
from typing import Any

import orjson
import pytest
from django.test import Client

from agents.gateway import ModelReply, ModelRequest, Usage
from agents.gateway.scripted import call, say, script
from agents.models import Budget, BudgetRaise, Run, ToolCall
from agents.runtime.advance import advance
from agents.runtime.budgets.keeping import keep
from reviews.models import ApprovalRequest
from reviews.webhooks.body import Happening, Subjects
from tests.factories import House, make_agent, make_house, make_policy, make_run
from tests.people import make_token
from workspaces.models import AuditEntry, Event, Person, Switch

pytestmark = pytest.mark.django_db(transaction=True)
BY_API = {"name": "more", "tool": "raise_budget", "effect": "ask", "channels": ["web", "api"]}


@script("greedy")
def greedy(request: ModelRequest) -> ModelReply:
    said = [say(f"turn {request.turns_so_far}"), call("nothing")]
    return ModelReply(said, "tool_use", Usage(input_tokens=60), "greedy", "scripted")


@pytest.fixture
def house(transactional_db: None) -> House:
    house = make_house()
    Budget.objects.create(
        workspace=house.workspace, period="day", unit="tokens", soft=50, hard=100, on_hard="ask", asks_for=100
    )
    make_policy(house.workspace, BY_API)
    return house


def spend(house: House, started_by: Person) -> Run:
    agent = make_agent(house.workspace, "greedy", tools=[], chain=[{"provider": "scripted", "model": "greedy"}])
    return go_on(make_run(agent, started_by, status="queued"))


def go_on(run: Run) -> Run:
    advance(run.pk)
    run.refresh_from_db()
    return run


def api(who: Person, path: str, body: Any = None) -> tuple[int, Any]:
    key = make_token(who, "approvals:read", "approvals:decide")
    raw, client = json.dumps(body).encode() if body else b"", Client()
    method = "POST" if body else "GET"
    answer = client.generic(
        method, f"/api/v1{path}", raw, "application/json", headers={"Authorization": f"Bearer {key}"}
    )
    return answer.status_code, json.loads(answer.content)


def test_people_raise_a_budget_by_what_was_asked_for_and_refuse_the_next_request(house: House) -> None:
    run = spend(house, house.ana)
    assert run.status == "waiting" and run.tokens == 120
    approval = api(house.ben, "/approvals?status=pending")[1]["items"][0]
    assert (approval["subject_kind"], approval["title"]) == (
        "budget",
        "Raise the budget of 100 tokens a day for all agents by 100",
    )
    place, body = f"/approvals/{approval['id']}/decisions", {"kind": "approve", "digest": approval["digest"]}
    assert api(house.ben, f"/approvals/{approval['id']}")[1]["kinds"] == ["approve", "reject"]
    own = api(house.ana, place, body)
    assert own[0] == 403 and "You started this run" in own[1]["detail"]
    assert api(house.ben, place, body | {"kind": "edit", "args": {"more": 1}})[0] == 422
    assert api(house.ben, place, body | {"kind": "respond", "text": "no"})[0] == 422
    assert api(house.ben, place, body | {"digest": "0" * 64})[0] == 412
    assert not BudgetRaise.objects.exists()

    assert api(house.ben, place, body)[0] == api(house.ben, place, body)[0] == 200
    raised = BudgetRaise.objects.get()
    assert (raised.amount, raised.person, ToolCall.objects.get(pk=approval["tool_call"]).status) == (
        Decimal(100),
        house.ben,
        "succeeded",
    )
    assert AuditEntry.objects.filter(kind="approval.approve", object=approval["id"]).exists()

    run.refresh_from_db()
    assert run.status == "queued" and go_on(run).status == "waiting" and run.tokens == 240
    second = ApprovalRequest.objects.get(run=run, status="pending")
    body = {"kind": "reject", "digest": bytes(second.digest).hex(), "reason": "Enough for today."}
    assert api(house.ben, f"/approvals/{second.pk}/decisions", body)[0] == 200
    assert go_on(run).status == "succeeded" and (run.ended_by, run.result) == ("day_tokens", '"turn 3"')
    assert Budget.objects.with_use().values_list("used", "raised", "hard").get() == (240, 100, 100)


def test_one_raise_lets_all_runs_go_on_that_waited_for_it(house: House) -> None:
    first = spend(house, house.olga)
    second = go_on(make_run(first.agent, house.olga, status="queued"))
    assert (first.status, second.status, second.seq) == ("waiting", "waiting", 1)
    approval = ApprovalRequest.objects.get(run=first)
    approval.decide("approve", by=house.by("ben"), digest=bytes(approval.digest))
    keep()
    second.refresh_from_db()
    assert ApprovalRequest.objects.get(run=second).status == "withdrawn" and second.status == "queued"
    assert go_on(second).tokens == 120


def test_where_nobody_may_raise_it_the_run_ends_with_what_it_has(house: House) -> None:
    make_policy(house.workspace, {"name": "never", "tool": "raise_budget", "effect": "deny"}, name="No")
    run = spend(house, house.olga)
    assert (run.status, run.ended_by) == ("succeeded", "day_tokens")
    assert ToolCall.objects.get(tool="raise_budget").status == "denied"
    assert not ApprovalRequest.objects.exists()


def test_a_request_for_a_budget_that_is_gone_can_still_be_approved(house: House) -> None:
    run = spend(house, house.olga)
    approval = ApprovalRequest.objects.get(run=run)
    Budget.objects.all().delete()
    Switch.tighten(house.workspace.pk)
    approval.decide("approve", by=house.by("ben"), digest=bytes(approval.digest))
    assert not BudgetRaise.objects.exists()
    Run.objects.filter(pk=run.pk).update(cancel_requested_at=run.created_at)
    assert go_on(run).status == "cancelled"


def test_webhooks_tell_of_soft_and_hard_limits(house: House) -> None:
    run = spend(house, house.olga)
    keep()
    events = Event.objects.filter(kind__in=["budget.soft_limit", "run.over_budget"]).order_by("kind")
    told = [Happening(e.workspace_id, e.seq, e.topic, e.kind, e.object, e.number, e.created_at) for e in events]  # type: ignore[arg-type]
    bodies = [orjson.loads(Subjects(told).body(one, with_arguments=True) or b"") for one in told]
    assert [body["type"] for body in bodies] == ["budget.soft_limit", "run.over_budget"]
    soft, over = (body["data"] for body in bodies)
    assert (soft["used"], soft["soft"], soft["hard"], soft["agent"], over["run"]) == (120, 50, 100, None, str(run.pk))
