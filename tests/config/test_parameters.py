"""Parameters in the query, over all routes of the API."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from config.api import api
from tests.config.test_errors import problem
from tests.people import make_member, make_token, make_workspace

FITTING = {"integer": "1", "uuid": str(uuid4()), "string": "x"}


def routes() -> list[tuple[str, str, dict[str, Any]]]:
    """Method, address with values that fit, and description of every route."""
    paths: dict[str, dict[str, Any]] = api.get_openapi_schema()["paths"]
    return [
        (method, re.sub(r"{(\w+)}", lambda found, known=known: value_of(known, found[1]), path), known)
        for path, methods in paths.items()
        for method, known in methods.items()
    ]


def value_of(known: dict[str, Any], name: str) -> str:
    schema = next(each["schema"] for each in known["parameters"] if each["name"] == name)
    return FITTING[schema.get("format", schema["type"])]


@pytest.mark.django_db
def test_a_parameter_that_a_route_does_not_know_is_named_and_nothing_is_listed(client: Client) -> None:
    person = make_member(make_workspace("Acme"), "root", "admin", "operator", "approver")
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {make_token(person, 'runs:read', 'approvals:read', 'config:read')}"
    found = routes()
    assert len(found) > 20
    for method, path, known in found:
        declared = [each["name"] for each in known.get("parameters", []) if each["in"] == "query"]
        query = "&".join(f"{name}=x" for name in [*declared, "surprise"])
        refused = problem(getattr(client, method)(f"{path}?{query}"), 422)
        assert [error["path"] for error in refused["errors"]] == ["query:/surprise"], (method, path)
