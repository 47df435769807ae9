"""The REST API of approvals, as a program uses it."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db.models import F
from django.http import HttpResponse
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from agents.models import ToolCall
from reviews.models import ApprovalRequest, Decision
from tests.factories import House, make_approval, make_policy
from tests.people import make_token
from workspaces.models import Person

pytestmark = pytest.mark.django_db
Ask = Callable[..., HttpResponse]
API = {"name": "api", "effect": "ask", "channels": ["web", "api"], "undo_seconds": 60}


@pytest.fixture
def house(house: House) -> House:
    make_policy(house.workspace, API)
    return house


@pytest.fixture
def ask(client: Client, house: House) -> Ask:
    tokens: dict[str, str] = {}

    def token(who: Person, *scopes: str, kind: str = "personal") -> str:
        key = f"{who} {scopes} {kind}"
        tokens[key] = tokens.get(key) or make_token(who, *scopes, kind=kind)
        return tokens[key]

    def ask(method: str, path: str, body: Any = None, *, who: Person = house.ana, **more: Any) -> HttpResponse:
        scopes, kind = more.pop("scopes", ("approvals:read", "approvals:decide")), more.pop("kind", "personal")
        headers = {"Authorization": f"Bearer {token(who, *scopes, kind=kind)}", **more}
        return client.generic(  # type: ignore[return-value]
            method, f"/api/v1{path}", b"" if body is None else _json(body), "application/json", headers=headers
        )

    return ask


def _json(body: Any) -> bytes:
    import json

    return body if isinstance(body, bytes) else json.dumps(body).encode()


def approve(approval: ApprovalRequest, **more: Any) -> dict[str, Any]:
    return {"kind": "approve", "digest": bytes(approval.digest).hex(), **more}


def test_a_program_reads_an_approval_and_decides(ask: Ask, approval: ApprovalRequest) -> None:
    shown = ask("GET", f"/approvals/{approval.pk}").json()
    assert (shown["tool"], shown["arguments"], shown["status"]) == ("refund", {"amount": 80, "order": "A-1"}, "pending")
    assert (shown["seats"], shown["kinds"]) == (
        [{"group": None, "person": None}],
        ["approve", "edit", "reject", "respond"],
    )
    answer = ask("POST", f"/approvals/{approval.pk}/decisions", {"kind": "approve", "digest": shown["digest"]})
    assert answer.status_code == 200, answer.content
    assert (answer.json()["decision"]["n"], answer.json()["approval"]["status"]) == (1, "approved")
    shown = ask("GET", f"/approvals/{approval.pk}").json()
    assert shown["seats"] == [{"group": None, "person": "ana"}]
    assert [made["kind"] for made in shown["decisions"]] == ["approve"]


def test_an_edit_answers_with_the_new_revision_and_digest(ask: Ask, approval: ApprovalRequest) -> None:
    body = approve(approval, kind="edit", args={"amount": 40, "order": "A-1"})
    after = ask("POST", f"/approvals/{approval.pk}/decisions", body).json()["approval"]
    assert (after["revision"], after["status"]) == (2, "pending")
    assert after["digest"] == bytes(ToolCall.objects.get().digest).hex() != body["digest"]
    assert (
        ask("POST", f"/approvals/{approval.pk}/decisions", {"kind": "approve", "digest": after["digest"]}).json()[
            "approval"
        ]["status"]
        == "approved"
    )


def test_a_decision_is_taken_back(ask: Ask, approval: ApprovalRequest) -> None:
    ask("POST", f"/approvals/{approval.pk}/decisions", approve(approval))
    answer = ask("DELETE", f"/approvals/{approval.pk}/decisions/1")
    assert (answer.status_code, answer.json()["approval"]["status"]) == (200, "pending")
    assert ask("DELETE", f"/approvals/{approval.pk}/decisions/9").status_code == 404
    ask("POST", f"/approvals/{approval.pk}/decisions", approve(approval))
    ToolCall.objects.update(effective_at=F("created_at"))
    assert ask("DELETE", f"/approvals/{approval.pk}/decisions/2").status_code == 409


def test_losers_are_told_what_is_there_now(ask: Ask, house: House, approval: ApprovalRequest) -> None:
    path, body = f"/approvals/{approval.pk}/decisions", approve(approval)
    stale = ask("POST", path, {**body, "digest": "0" * 64})
    assert (stale.status_code, stale.json()["current"]) == (412, {"digest": body["digest"], "revision": 1})
    first = ask("POST", path, body)
    assert ask("POST", path, body).content == first.content
    late = ask("POST", path, {**body, "kind": "reject", "reason": "no"}, who=house.ben)
    assert (late.status_code, late.json()["current"]["person"], late.json()["current"]["kind"]) == (
        409,
        "ana",
        "approve",
    )
    assert "Ana has already approved this" in late.json()["detail"]
    assert late.headers["Content-Type"] == "application/problem+json"


def test_the_same_key_decides_once(ask: Ask, approval: ApprovalRequest) -> None:
    path, body = f"/approvals/{approval.pk}/decisions", approve(approval)
    first = ask("POST", path, body, **{"Idempotency-Key": "k1"})
    assert ask("POST", path, body, **{"Idempotency-Key": "k1"}).content == first.content
    assert ask("POST", path, {**body, "reason": "x"}, **{"Idempotency-Key": "k1"}).status_code == 409


def test_who_may_not_is_told_why(ask: Ask, house: House, approval: ApprovalRequest) -> None:
    path, body = f"/approvals/{approval.pk}/decisions", approve(approval)
    own = ask("POST", path, body, who=house.olga)
    assert (own.status_code, own.json()["detail"][:20]) == (403, "You started this run")
    key = ask("POST", path, body, kind="service", scopes=("runs:write",))
    assert key.status_code == 403 and "service key never decides" in key.json()["detail"]
    unscoped = ask("POST", path, body, scopes=("approvals:read",))
    assert unscoped.status_code == 403 and "approvals:decide" in unscoped.json()["detail"]
    assert ask("GET", "/approvals", scopes=("runs:read",)).status_code == 403
    assert ask("GET", f"/approvals/{approval.pk}", scopes=("runs:read",)).status_code == 403
    assert not Decision.objects.exists()


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_what_belongs_to_another_workspace_does_not_exist(
    ask: Ask, house: House, approval: ApprovalRequest, method: str
) -> None:
    path = {"GET": "/approvals/{}", "POST": "/approvals/{}/decisions", "DELETE": "/approvals/{}/decisions/1"}[method]
    body = approve(approval) if method == "POST" else None
    foreign = ask(method, path.format(approval.pk), body, who=house.sam)
    unknown = ask(method, path.format(uuid4()), body, who=house.sam)
    assert (foreign.status_code, foreign.content) == (404, unknown.content)
    assert ask("GET", "/approvals", who=house.sam).json() == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"kind":"approve","kind":"reject","digest":"00"}', 400),
        (b'{"kind":"respond","text":"\\u0000","digest":"00"}', 400),
        ({"digest": "0" * 64}, 422),
        ({"kind": "allow", "digest": "0" * 64}, 422),
        ({"kind": "approve"}, 422),
        ({"kind": "approve", "digest": "xyz"}, 422),
        ({"kind": "approve", "digest": "0" * 64, "status": "approved"}, 422),
        ({"kind": "approve", "digest": "0" * 64, "approved_by": 1}, 422),
        ({"kind": "reject", "digest": "0" * 64}, 422),
        ({"kind": "respond", "digest": "0" * 64, "text": "x" * 20_001}, 422),
        ({"kind": "edit", "digest": "0" * 64, "args": [1]}, 422),
        ({"kind": "edit", "digest": "0" * 64, "args": {"amount": "x", "order": "A"}}, 422),
        ({"kind": "edit", "digest": "0" * 64, "args": {"amount": 1, "order": "A", "bcc": "x"}}, 422),
        ({"kind": "happened", "digest": "0" * 64, "reason": "x"}, 422),
    ],
    ids=lambda value: str(value)[:60],
)
def test_bad_bodies_are_problems_and_decide_nothing(
    ask: Ask, approval: ApprovalRequest, body: Any, status: int
) -> None:
    answer = ask("POST", f"/approvals/{approval.pk}/decisions", body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    approval.refresh_from_db()
    assert (approval.status, approval.revision, Decision.objects.count()) == ("pending", 1, 0)


def test_bad_paths_and_queries_are_problems(ask: Ask) -> None:
    for path in ("/approvals/0", "/approvals/-1", "/approvals/../1", "/approvals/1%20OR%201=1"):
        assert ask("GET", path).status_code == 404
    for query in ("status=asleep", "limit=0", "limit=1000000000", "limit=x", "cursor=nonsense"):
        assert ask("GET", f"/approvals?{query}").status_code == 422
    assert ask("GET", "/approvals?status=pending&cursor=nonsense").status_code == 422
    assert ask("GET", "/approvals?status=pending&cursor=MjAyNi0xMS0yMSB4").status_code == 422


def test_pending_ones_come_by_urgency_and_others_newest_first(ask: Ask, house: House) -> None:
    made = [make_approval(house) for _ in range(5)]
    for approval, hours in zip(made, (3, 1, 2, 1, 5), strict=True):
        ApprovalRequest.objects.filter(pk=approval.pk).update(
            deadline_at=made[0].created_at.replace(year=2099, hour=hours, minute=0, second=0, microsecond=0)
        )
    urgent = [str(made[n].pk) for n in (1, 3, 2, 0, 4)]
    assert pages(ask, "status=pending&limit=2") == urgent
    assert pages(ask, "limit=2") == [str(approval.pk) for approval in reversed(made)]
    assert pages(ask, "status=approved") == []


def pages(ask: Ask, query: str) -> list[str]:
    ids, cursor = [], ""
    while True:
        page = ask("GET", f"/approvals?{query}&cursor={cursor}").json()
        ids += [one["id"] for one in page["items"]]
        if not (cursor := page["next"]):
            return ids


def test_a_long_list_takes_no_more_queries(
    ask: Ask, house: House, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(4):
        make_approval(house)
    ask("GET", "/approvals?status=pending")
    with django_assert_num_queries(3):  # the token, its member with their groups, the page
        assert len(ask("GET", "/approvals?status=pending").json()["items"]) == 4


def test_a_call_in_doubt_is_resolved_under_its_own_address(ask: Ask, house: House) -> None:
    approval = make_approval(house, status="in_doubt")
    path = f"/tool-calls/{approval.tool_call_id}/resolution"
    body = {"kind": "happened", "digest": bytes(approval.digest).hex(), "result": {"id": 7}, "reason": "Seen."}
    scopes = ("approvals:decide", "runs:read")
    own = ask("POST", path, body, who=house.olga, scopes=scopes)
    assert own.status_code == 403 and "You started this run" in own.json()["detail"]
    stale = ask("POST", path, {**body, "digest": "0" * 64}, scopes=scopes)
    assert (stale.status_code, stale.json()["current"]["digest"]) == (412, body["digest"])
    answer = ask("POST", path, body, scopes=scopes)
    assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")
    assert ask("POST", path, body, scopes=scopes).status_code == 200
    assert ask("POST", path, body, who=house.ben, scopes=scopes).status_code == 409


def test_people_talk_and_claim_through_the_api_too(ask: Ask, approval: ApprovalRequest, house: House) -> None:
    path = f"/approvals/{approval.pk}"
    made = ask("POST", f"{path}/comments", {"text": "Who knows this customer?"})
    assert (made.status_code, made.json()["person"]) == (201, "ana")
    assert [one["text"] for one in ask("GET", f"{path}/comments").json()["items"]] == ["Who knows this customer?"]
    assert ask("POST", f"{path}/comments", {"text": " "}).status_code == 422

    assert ask("PUT", f"{path}/claim", {}).json()["person"] == "ana"
    assert ask("PUT", f"{path}/claim", {}, who=house.ben).status_code == 409
    assert ask("PUT", f"{path}/claim", {"take_over": True}, who=house.ben).json()["person"] == "ben"
    assert ask("DELETE", f"{path}/claim", who=house.ben).status_code == 204
    for method, what in (("GET", "comments"), ("POST", "comments"), ("PUT", "claim"), ("DELETE", "claim")):
        body = {"text": "x"} if method == "POST" else {} if method == "PUT" else None
        assert ask(method, f"{path}/{what}", body, who=house.sam).status_code == 404


def test_a_rejection_says_what_follows(ask: Ask, approval: ApprovalRequest) -> None:
    body = {"kind": "reject", "digest": bytes(approval.digest).hex(), "reason": "Half of it", "then": "retry"}
    path = f"/approvals/{approval.pk}/decisions"
    assert ask("POST", path, {**body, "kind": "approve"}).status_code == 422
    assert ask("POST", path, {**body, "then": "dance"}).status_code == 422
    assert ask("POST", path, body).json()["decision"]["then"] == "retry"
