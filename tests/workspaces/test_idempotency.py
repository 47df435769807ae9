import json
from datetime import timedelta

import pytest
from django.test import RequestFactory
from django.utils.timezone import now
from ninja import NinjaAPI, Router, Schema
from ninja.responses import Status

from tests.people import all_at_once, make_token
from workspaces.exceptions import Conflict, CountersignError
from workspaces.idempotency import idempotent, purge_idempotent_requests
from workspaces.models import Group, IdempotentRequest
from workspaces.principal import Principal

router = Router()


class GroupIn(Schema):
    name: str


class GroupOut(Schema):
    id: int
    name: str


@router.post("/groups", response={201: GroupOut})
@idempotent
def make_group(request, body: GroupIn):
    group = Group.objects.create(workspace=request.auth.workspace, name=body.name)
    if body.name == "forbidden":
        raise Conflict("No such name.")
    return Status(201, group)


@router.post("/others", response={201: GroupOut})
@idempotent
def make_other(request, body: GroupIn):
    return make_group(request, body)


api = NinjaAPI(urls_namespace="idempotency-tests", auth=lambda request: Principal.of_token(request.headers["X-Token"]))
api.add_router("", router)
api.add_exception_handler(
    CountersignError, lambda request, error: api.create_response(request, {"detail": str(error)}, status=error.status)
)


@pytest.fixture
def post(acme, olga):
    token = make_token(olga, "runs:write")

    def send(name="finance", key="k1", path="groups", token=token):
        headers = {"X-Token": token} | ({} if key is None else {"Idempotency-Key": key})
        request = RequestFactory().post(
            f"/{path}", json.dumps({"name": name}), content_type="application/json", headers=headers
        )
        view = next(pattern for pattern in api.urls[0] if pattern.pattern._route == path)
        return view.callback(request)

    return send


def test_the_same_request_twice_has_one_effect_and_one_answer(post):
    first, second = post(), post()
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content and json.loads(first.content)["name"] == "finance"
    assert Group.objects.count() == 1


def test_another_body_under_the_same_key_is_a_conflict(post):
    post()
    assert post(name="support").status_code == 409
    assert list(Group.objects.values_list("name", flat=True)) == ["finance"]


def test_the_same_key_for_another_address_is_a_conflict(post):
    post()
    assert post(path="others").status_code == 409


def test_another_key_is_another_request(post):
    post()
    assert post(name="support", key="k2").status_code == 201


def test_without_a_key_nothing_is_remembered(post):
    assert [post(name=name, key=None).status_code for name in ("finance", "support")] == [201, 201]
    assert not IdempotentRequest.objects.exists()


def test_keys_of_different_principals_do_not_meet(post, ana):
    post()
    assert post(name="support", token=make_token(ana, "runs:write")).status_code == 201


def test_a_refusal_leaves_no_trace_so_that_the_key_can_be_used_again(post):
    assert post(name="forbidden").status_code == 409
    assert not Group.objects.exists() and not IdempotentRequest.objects.exists()
    assert post().status_code == 201


@pytest.mark.parametrize("key", ["", "a" * 256, "a b", "ключ", "a\x01", "🔑"])
def test_a_key_that_is_not_one_is_refused(post, key):
    assert post(key=key).status_code == 422
    assert not Group.objects.exists()


@pytest.mark.parametrize("key", ["a", "a" * 255, "!~'\"<>;--"])
def test_a_key_may_be_any_printable_ascii(post, key):
    assert post(key=key).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_ten_equal_requests_at_once_have_one_effect_and_one_answer(post):
    answers = all_at_once(10, post)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert Group.objects.count() == 1


def test_a_wrong_token_is_told_so_before_anything_is_remembered(post):
    assert post(token="wrong").status_code == 401
    assert not IdempotentRequest.objects.exists()


def test_keys_are_forgotten_after_a_week(post):
    post()
    assert purge_idempotent_requests() == 0
    IdempotentRequest.objects.update(created_at=now() - timedelta(days=7, seconds=1))
    assert purge_idempotent_requests() == 1
