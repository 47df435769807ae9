"""The REST API of runs, as a program uses it."""

import json

import pytest

from agents.runtime.advance import advance
from tests.agents.conftest import STORIES, asks, says
from tests.ledger.tools import lines
from workspaces.models import Membership, Person, Token, Workspace

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def olga(workspace):
    person = Person.objects.create_user("olga")
    Membership.objects.create(workspace=workspace, person=person, roles=["operator"])
    return person


@pytest.fixture
def key(workspace, olga):
    return issue(workspace, olga, "runs:read", "runs:write")


def issue(workspace, person, *scopes):
    return Token(workspace=workspace, person=person, kind="service", name="shop", scopes=list(scopes)).issue()


@pytest.fixture
def call(client, key):
    def call(method, path, body=None, key=key, **headers):
        raw = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        extra = {"headers": {"Authorization": f"Bearer {key}", **headers}}
        if method == "get":
            return client.get(f"/api/v1{path}", **extra)
        return getattr(client, method)(f"/api/v1{path}", raw, content_type="application/json", **extra)

    return call


def test_a_program_starts_a_run_and_reads_everything_about_it(call, agent):
    STORIES["hello"] = [asks(("ledger_look", {"what": "a"})), says("done")]
    made = call("post", "/runs", {"agent": "clerk", "input": "hello", "labels": {"case": "7"}})
    assert made.status_code == 201, made.content
    run = made.json()["id"]
    advance(run)
    shown = call("get", f"/runs/{run}").json()
    assert (shown["status"], shown["result"], shown["labels"], shown["started_by"]) == (
        "succeeded",
        "done",
        {"case": "7"},
        "olga",
    )
    first = call("get", f"/runs/{run}/checkpoints?limit=2").json()
    rest = call("get", f"/runs/{run}/checkpoints?after={first['next']}").json()
    assert [step["seq"] for step in first["items"] + rest["items"]] == [1, 2, 3, 4]
    assert call("get", f"/runs/{run}/state?seq=2").json()["messages"][-1]["role"] == "assistant"
    assert call("get", f"/runs/{run}/state?seq=9").status_code == 404
    assert len(call("get", f"/runs/{run}/spans").json()) == 5
    assert call("post", f"/runs/{run}/verification").json()["agrees"] is True
    assert call("get", f"/tool-calls?run={run}").json()["items"][0]["arguments"] == {"what": "a"}
    assert call("post", f"/runs/{run}/cancellation").status_code == 409
    assert call("post", f"/runs/{run}/messages", {"content": "hi"}).status_code == 409
    assert call("get", "/agents").json()["items"][0]["name"] == "clerk"


def test_a_program_forks_a_run(call, agent, start, workspace):
    eve = Person.objects.create_user("eve")
    Membership.objects.create(workspace=workspace, person=eve, roles=["engineer"])
    key = Token(
        workspace=workspace, person=eve, kind="personal", name="eve", scopes=["runs:read", "runs:write"]
    ).issue()
    run = start("hello", [asks(("ledger_pay", {"what": "b"})), says("done")])
    advance(run.pk)
    body = {"seq": 3, "mode": "recorded", "say": "And then?"}
    made = [call("post", f"/runs/{run.pk}/forks", body, key, **{"Idempotency-Key": "f"}) for _ in range(2)]
    assert {answer.status_code for answer in made} == {201} and made[0].content == made[1].content, made[0].content
    fork = made[0].json()
    assert (fork["forked_from"], fork["forked_seq"], fork["fork_mode"]) == (str(run.pk), 3, "recorded")
    advance(fork["id"])
    listed = call("get", f"/runs?forked_from={run.pk}").json()["items"]
    assert [(one["id"], one["status"]) for one in listed] == [(fork["id"], "succeeded")]
    steps = call("get", f"/runs/{fork['id']}/checkpoints").json()["items"]
    assert [step["kind"] for step in steps] == ["start", "model", "tool", "receive", "model"]
    assert call("get", f"/runs/{fork['id']}/state?seq=2").json()["messages"][-1]["role"] == "assistant"
    assert call("post", f"/runs/{fork['id']}/verification", {}, key).json() == {
        "agrees": True, "steps": 5, "recorded": None, "asked": [],
    }  # fmt: skip
    for wrong, status in [({"seq": 9}, 404), ({"seq": 0}, 422), ({"mode": "wild"}, 422), ({"state": {}}, 422),
                          ({"chain": []}, 422), ({"version": 7}, 422), ({"seq": 3, "wat": 1}, 422),
                          ({"messages": [{"role": "tool", "content": "x"}]}, 422)]:  # fmt: skip
        answer = call("post", f"/runs/{run.pk}/forks", wrong, key)
        assert (answer.status_code, wrong) == (status, wrong), answer.content
    assert call("post", f"/runs/{run.pk}/forks", {"seq": 3}).status_code == 403  # a service key
    assert len(lines()) == 1 and call("get", "/runs").json()["items"][2:] == []


def test_events_are_streamed_to_the_end(call, agent, start):
    run = start("hello", [says("done")])
    advance(run.pk)
    assert call("get", f"/runs/{run.pk}/events", **{"Last-Event-ID": "9" * 5000}).status_code == 200
    answer = call("get", f"/runs/{run.pk}/events", **{"Last-Event-ID": "1"})
    import asyncio

    async def read():
        return "".join(
            [chunk async for chunk in answer.streaming_content if chunk]
            if False
            else [chunk.decode() if isinstance(chunk, bytes) else chunk async for chunk in answer]
        )

    text = asyncio.run(read())
    assert [line for line in text.splitlines() if line.startswith(("id:", "event:"))] == [
        "id: 2",
        "event: step",
        "event: status",
        "event: end",
    ]


def test_pages_of_runs_follow_one_another(call, agent):
    ids = [call("post", "/runs", {"agent": "clerk", "input": f"n{i}"}).json()["id"] for i in range(5)]
    first = call("get", "/runs?limit=3").json()
    second = call("get", f"/runs?limit=3&cursor={first['next']}").json()
    assert [run["id"] for run in first["items"] + second["items"]] == ids[::-1] and second["next"] is None
    for unreadable in ("cursor=nonsense", "agent=%00", "agent=" + 200 * "a", "limit=0"):
        assert call("get", f"/runs?{unreadable}").status_code == 422
    assert call("get", "/runs?status=asleep").status_code == 422


def test_a_program_pauses_a_run_and_lets_it_go_on(call, start):
    run = start("hello", [says("done")])
    paused = call("post", f"/runs/{run.pk}/pause", {"reason": "lunch"})
    assert paused.status_code == 202 and paused.json()["status"] == "paused" and paused.json()["in_flight"] == []
    advance(run.pk)
    assert call("get", f"/runs/{run.pk}").json()["seq"] == 0
    assert call("post", f"/runs/{run.pk}/resumption").json()["status"] == "queued"
    assert call("post", f"/runs/{run.pk}/resumption").status_code == 409
    advance(run.pk)
    refused = call("post", f"/runs/{run.pk}/pause")
    assert refused.status_code == 409 and "already succeeded" in refused.json()["detail"]


def test_a_thread_takes_one_input_after_the_other(call, agent):
    STORIES["hello"] = [says("1"), says("2")]
    thread = call("post", "/threads", {"title": "Marta"}).json()
    body = {"agent": "clerk", "input": "hello", "thread": thread["id"]}
    first, second = call("post", "/runs", body).json(), call("post", "/runs", body).json()
    assert (first["status"], first["awaiting"], second["awaiting"]) == ("queued", "", "enqueue")
    assert call("post", "/runs", body | {"on_busy": "reject"}).status_code == 409
    assert call("post", "/runs", body | {"on_busy": "shout"}).status_code == 422
    for run in (first, second):
        advance(run["id"])
    listed = call("get", f"/runs?thread={thread['id']}").json()["items"]
    assert [(run["result"], run["thread"]) for run in listed] == [("2", thread["id"]), ("1", thread["id"])]
    assert call("get", "/threads").json()["items"] == [thread] == [call("get", f"/threads/{thread['id']}").json()]
    assert call("get", f"/threads/{first['id']}").status_code == 404


def test_the_same_key_starts_one_run(call, agent):
    body = {"agent": "clerk", "input": "hello"}
    first = call("post", "/runs", body, **{"Idempotency-Key": "k1"})
    again = call("post", "/runs", body, **{"Idempotency-Key": "k1"})
    assert first.content == again.content and again.status_code == 201
    other = call("post", "/runs", {**body, "input": "x"}, **{"Idempotency-Key": "k1"})
    assert other.status_code == 409


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"agent":"clerk","agent":"clerk","input":1}', 400),
        (b'{"agent":"clerk","input":NaN}', 400),
        (b'{"agent":"clerk","input":"\\u0000"}', 400),
        (b'{"agent":"clerk","input":"\\ud800"}', 400),
        (b'{"agent":"clerk","input":9007199254740993}', 400),
        (b'{"agent":"clerk","input":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
        (b'{"agent":"nobody","input":1}', 404),
        (b'{"agent":"clerk"}', 422),
        (b'{"agent":"clerk","input":null}', 422),
        (b'{"agent":"clerk","input":" \\n"}', 422),
        (b'{"agent":"clerk","input":{}}', 422),
        (b'{"agent":"clerk","input":1,"status":"succeeded"}', 422),
        (b"[]", 422),
    ],
    ids=lambda value: str(value)[:60],
)
def test_bad_bodies_are_problems_and_start_nothing(call, agent, body, status):
    answer = call("post", "/runs", body)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json" and answer.json()["detail"]
    assert call("get", "/runs").json()["items"] == []


def test_another_workspace_and_an_unknown_id_answer_alike(call, agent, start):
    run = start("hello", [])
    other = Workspace.objects.found("Other", "other")
    sam = Person.objects.create_user("sam")
    Membership.objects.create(workspace=other, person=sam, roles=["operator", "engineer"])
    token = Token(workspace=other, person=sam, kind="personal", name="sam", scopes=["runs:read", "runs:write"])
    secret = token.issue()
    for method, path in [
        ("get", ""),
        ("get", "/checkpoints"),
        ("get", "/state"),
        ("get", "/spans"),
        ("get", "/events"),
        ("post", "/messages"),
        ("post", "/cancellation"),
        ("post", "/verification"),
        ("post", "/forks"),
    ]:
        body = {"content": "x"} if path == "/messages" else {}
        known = call(method, f"/runs/{run.pk}{path}", body, key=secret)
        unknown = call(method, f"/runs/01900000-0000-7000-8000-000000000000{path}", body, key=secret)
        assert known.status_code == unknown.status_code == 404
        assert known.content.replace(str(run.pk).encode(), b"") == unknown.content.replace(
            b"01900000-0000-7000-8000-000000000000", b""
        )


def test_wrong_keys_and_scopes_are_refused(call, agent, workspace, olga):
    assert call("get", "/runs", key="cs_nope_nope").status_code == 401
    assert call("get", "/runs", key="' OR '1'='1").status_code == 401
    reader = issue(workspace, olga, "runs:read")
    assert call("get", "/runs", key=reader).status_code == 200
    assert call("post", "/runs", {"agent": "clerk", "input": 1}, key=reader).status_code == 403
    assert lines() == []
