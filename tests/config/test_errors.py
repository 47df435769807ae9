"""Whatever goes wrong under /api is one problem document; elsewhere it is a page."""

import json
from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from config.errors import PROBLEM_TYPE
from config.urls import urlpatterns as real_urlpatterns
from tests.people import make_member, make_token, make_workspace
from workspaces.exceptions import Conflict, PreconditionFailed

pytestmark = pytest.mark.django_db


def lost(request: HttpRequest) -> HttpResponse:
    raise Conflict("ana was first.")


def crash(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("SELECT secret FROM inside")


def away(request: HttpRequest) -> HttpResponse:
    raise OperationalError("server closed the connection unexpectedly")


handler500 = "config.errors.server_error"
handler404 = "config.errors.page_not_found"
urlpatterns = [
    *real_urlpatterns,
    path("lost", lost),
    path("crash", crash),
    path("api/lost", lost),
    path("api/crash", crash),
    path("away", away),
    path("api/away", away),
]


@pytest.fixture
def key() -> str:
    olga = make_member(make_workspace(), "olga", "operator")
    return make_token(olga, "runs:read", "runs:write")


@pytest.fixture
def post(key: str) -> Any:
    def post(body: bytes | str, content_type: str = "application/json", **headers: str) -> HttpResponse:
        headers = {"Authorization": f"Bearer {key}", **headers}
        return Client().post("/api/v1/runs", body, content_type=content_type, headers=headers)  # type: ignore[return-value]

    return post


def problem(response: HttpResponse, status: int) -> dict[str, Any]:
    """The document of a response that has to be a problem with that status."""
    found: dict[str, Any] = json.loads(response.content)
    assert (response.status_code, response["Content-Type"], found["status"]) == (status, PROBLEM_TYPE, status), found
    assert found["title"]
    assert found["detail"].endswith(".")
    return found


UNREADABLE = {
    "empty": b"",
    "cut off": b"{",
    "100,000 deep": b"[" * 100_000,
    "5,000 digits": b'{"input": ' + b"9" * 5000 + b"}",
    "NaN": b'{"agent": "a", "input": NaN}',
    "infinite": b'{"agent": "a", "input": 1e400}',
    "a key twice": b'{"agent": "a", "agent": "b", "input": 1}',
    "NUL": b'{"agent": "a", "input": "\\u0000"}',
    "lone surrogate": b'{"agent": "a", "input": "\\ud800"}',
    "no UTF-8": b'{"agent": "\xff"}',
    "UTF-16": '{"agent": "a"}'.encode("utf-16"),
    "beyond 2^53": b'{"agent": "a", "input": 9007199254740993}',
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_json_that_two_parsers_could_read_in_two_ways_is_400(post: Any, body: bytes) -> None:
    problem(post(body), 400)


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
def test_another_content_type_is_415(post: Any, content_type: str) -> None:
    problem(post('{"agent": "a"}', content_type), 415)


def test_a_compressed_body_is_415(post: Any) -> None:
    problem(post(b"\x1f\x8b", **{"Content-Encoding": "gzip"}), 415)


def test_a_body_beyond_the_cap_is_413(post: Any) -> None:
    problem(post(b" " * (6 * 1024 * 1024 + 1)), 413)


def test_what_does_not_fit_is_422_with_its_path(post: Any) -> None:
    found = problem(post('{"agent": "a", "input": 1, "labels": {"case": 7}, "epoch": 1}'), 422)

    assert {error["path"] for error in found["errors"]} == {"/labels/case", "/epoch"}


def test_a_parameter_that_does_not_fit_is_422(key: str, client: Client) -> None:
    found = problem(client.get("/api/v1/runs?limit=x", headers={"Authorization": f"Bearer {key}"}), 422)

    assert [error["path"] for error in found["errors"]] == ["query:/limit"]


@pytest.mark.parametrize(
    "header", ["", "Bearer x", "Bearer ' OR '1'='1", "Basic b2xnYTp4", "Bearer cs_x_y_z", "Bearer é"]
)
def test_a_wrong_token_is_401(client: Client, header: str) -> None:
    response = client.get("/api/v1/runs", headers={"Authorization": header})

    problem(response, 401)
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_token_in_the_address_is_not_looked_at(client: Client, key: str) -> None:
    problem(client.get(f"/api/v1/runs?token={key}&access_token={key}"), 401)


def test_another_method_is_405_and_names_those_that_are_allowed(client: Client) -> None:
    response = client.delete("/api/v1/runs")

    problem(response, 405)
    assert "POST" in response["Allow"]


def test_an_unknown_address_is_404(client: Client) -> None:
    problem(client.get("/api/v1/nothing"), 404)


@override_settings(ROOT_URLCONF=__name__)
def test_a_lost_race_is_409_with_its_sentence(client: Client) -> None:
    assert problem(client.get("/api/lost"), 409)["detail"] == "ana was first."
    page = client.get("/lost")
    assert page.status_code == 409
    assert "ana was first." in page.content.decode()


@override_settings(ROOT_URLCONF=__name__)
def test_inside_an_open_page_only_the_message_comes(client: Client) -> None:
    message = client.get("/lost", headers={"HX-Request": "true"}).content.decode()

    assert "ana was first." in message
    assert "<html" not in message


@override_settings(ROOT_URLCONF=__name__)
@pytest.mark.parametrize("address", ["/crash", "/api/crash"])
def test_a_crash_tells_nothing_of_the_inside(address: str) -> None:
    response = Client(raise_request_exception=False).get(address)

    assert response.status_code == 500
    assert "inside" not in response.content.decode()


@pytest.mark.parametrize("address", ["/away", "/api/away"])
@override_settings(ROOT_URLCONF=__name__)
def test_an_absent_database_is_503_and_says_when_to_come_back(client: Client, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 503 and response["Retry-After"] == "2"
    assert "Nothing was lost" in response.content.decode() and "server closed" not in response.content.decode()


def test_a_host_that_is_not_ours_is_400(client: Client) -> None:
    problem(client.get("/api/v1/runs", headers={"Host": "evil.example"}), 400)


def test_a_form_from_elsewhere_is_403() -> None:
    page = Client(enforce_csrf_checks=True).post("/admin/login/")

    assert page.status_code == 403
    assert "came from elsewhere" in page.content.decode()


def test_a_current_value_travels_with_the_problem() -> None:
    from config.errors import problem_of

    error = PreconditionFailed("The arguments have changed.")
    error.current = "digest"  # type: ignore[attr-defined]

    assert json.loads(problem_of(error).content)["current"] == "digest"
