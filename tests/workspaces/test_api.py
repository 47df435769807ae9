import json
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import path
from ninja import NinjaAPI

from agents.models import Agent, Tool
from config.api import BearerToken
from config.errors import answer_with_problems
from config.parser import StrictParser
from tests.agents.tools.waiting import eventually
from tests.people import make_member, make_token, make_workspace
from workspaces import events
from workspaces.api import router
from workspaces.models import Event, Switch

api = NinjaAPI(urls_namespace="workspaces-tests", auth=BearerToken(), parser=StrictParser())
api.add_router("", router)
answer_with_problems(api)
urlpatterns = [path("api/v1/", api.urls)]


@pytest.fixture
def call(settings):
    """A program with a token: status and what was answered."""
    settings.ROOT_URLCONF = __name__

    def send(token, method, address, body=None, **headers):
        headers = {"Authorization": f"Bearer {token}", **headers}
        content = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        response = getattr(Client(), method)(f"/api/v1{address}", headers=headers, **content)
        return response.status_code, response.json()

    return send


@pytest.fixture
def token(olga):
    return make_token(olga, "runs:read", "runs:write")


@pytest.mark.django_db(transaction=True)
def test_a_program_reads_on_where_it_stopped(acme, token, call):
    for number in range(5):
        events.record(acme.pk, "run", "run.waiting", uuid4(), number)
    numbers, cursor = [], ""

    def has_read_all():
        nonlocal cursor
        status, page = call(token, "get", f"/events?limit=2&after={cursor}")
        assert status == 200 and len(page["items"]) <= 2
        numbers.extend(item["number"] for item in page["items"] if item["topic"] == "run")
        cursor = page["next"]
        return len(numbers) >= 5

    eventually(has_read_all)
    assert numbers == [0, 1, 2, 3, 4]
    assert call(token, "get", f"/events?after={cursor}") == (200, {"items": [], "next": cursor})


@pytest.mark.django_db(transaction=True)
def test_a_program_sees_its_own_workspace_only(acme, token, call):
    other = make_workspace("Other")
    events.record(other.pk, "run", "run.waiting", uuid4(), 99)
    eventually(lambda: Event.objects.after("", other)[0])
    _, page = call(token, "get", "/events")
    assert 99 not in [item["number"] for item in page["items"]]


@pytest.mark.parametrize("query", ["after=x", "limit=0", "limit=501", "limit=1e9", "limit=-1"])
def test_a_query_that_is_not_one_is_refused(token, call, query):
    status, problem = call(token, "get", f"/events?{query}")
    assert status == 422 and problem["errors"]


@pytest.mark.parametrize(
    ("method", "address", "body"),
    [
        ("get", "/events", None),
        ("post", "/stop", {"scope": "workspace", "reason": "why"}),
        ("delete", "/stop?scope=workspace", None),
    ],
)
def test_a_token_without_the_scope_is_refused_and_sam_s_is_unknown(acme, olga, call, method, address, body):
    assert call(make_token(olga, "config:read"), method, address, body)[0] == 403
    assert call("cs_sam", method, address, body)[0] == 401
    assert not Switch.objects.get(pk=acme.pk).stopped


def test_olga_stops_an_agent_and_lets_it_go_on(acme, token, call):
    Agent.objects.create(workspace=acme, name="desk")
    status, state = call(token, "post", "/stop", {"scope": "agent:desk", "reason": " wrong refunds "})
    assert (status, state["state"], state["stopped_agents"]) == (200, "stopped", ["desk"])
    assert (state["reason"], state["in_flight"]) == ("wrong refunds", [])
    status, state = call(token, "delete", "/stop?scope=agent:desk")
    assert (status, state["state"], state["stopped_agents"]) == (200, "running", [])


def calls_in_flight(workspace_id, scope):
    return [{"id": uuid4(), "run": uuid4(), "tool": scope, "deadline_at": None}]


def test_the_answer_names_the_calls_that_the_stop_comes_too_late_for(acme, token, call, settings):
    settings.CALLS_IN_FLIGHT = f"{__name__}.calls_in_flight"
    Tool.objects.create(workspace=acme, name="mail", is_recorded=True)
    _, state = call(token, "post", "/stop", {"scope": "tool:mail", "reason": "spam"})
    assert [each["tool"] for each in state["in_flight"]] == ["tool:mail"]


def test_a_repeated_stop_is_answered_alike_and_does_not_stop_again_what_was_resumed(acme, token, call):
    body = {"scope": "workspace", "reason": "why"}
    first = call(token, "post", "/stop", body, **{"Idempotency-Key": "k1"})
    call(token, "delete", "/stop?scope=workspace")
    assert call(token, "post", "/stop", body, **{"Idempotency-Key": "k1"}) == first
    assert not Switch.objects.get(pk=acme.pk).stopped


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"scope": "workspace"},
        {"scope": "workspace", "reason": "  "},
        {"scope": "run:7", "reason": "why"},
        {"scope": "agent:", "reason": "why"},
        {"scope": "agent:dessk", "reason": "why"},
        {"scope": "tool:mial", "reason": "why"},
        {"scope": "workspace", "reason": "x" * 1001},
        {"scope": "workspace", "reason": "why", "workspace_id": 1},
        {"scope": ["workspace"], "reason": "why"},
    ],
)
def test_a_stop_that_is_not_one_is_refused(acme, token, call, body):
    status, problem = call(token, "post", "/stop", body)
    assert status == 422 and problem["errors"]
    assert not Switch.objects.get(pk=acme.pk).stopped


@pytest.mark.parametrize("scope", ["tool:%00", "agent:%00", "tool:%E2%80%AE", "run:7"])
def test_only_what_can_be_stopped_goes_on(acme, token, call, scope):
    status, problem = call(token, "delete", f"/stop?scope={scope}")
    assert status == 422 and problem["errors"]


def test_a_viewer_may_look_and_not_stop(acme, call):
    token = make_token(make_member(acme, "vera", "viewer"), "runs:read", "runs:write")
    assert call(token, "get", "/events")[0] == 200
    status, problem = call(token, "post", "/stop", {"scope": "workspace", "reason": "why"})
    assert (status, problem["detail"]) == (
        403,
        "vera by laptop cannot do this in Acme. It needs the role admin, approver, engineer or operator.",
    )
