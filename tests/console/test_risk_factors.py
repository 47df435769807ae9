"""Risk factors: what is far from the usual or new is named; what differs each time, or is not known enough, is not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agents.models import ToolCall
from console.risk_factors import factors
from console.schema_form import fields
from tests.console.test_review import read
from tests.factories import House, make_approval, make_call, make_run

SCHEMA = {"type": "object", "properties": {"amount": {}, "to": {"type": "string"}, "order": {"type": "string"}}}
USUAL = [{"amount": str(20 + n), "to": "marta@shop.example", "order": f"A-{n}"} for n in range(8)]


def found(args: dict[str, Any], earlier: list[dict[str, Any]]) -> str:
    return " ".join(factors(fields(SCHEMA, args), earlier, lambda field, value: ""))


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (USUAL[0], ""),
        ({**USUAL[0], "order": "A-99"}, ""),
        ({**USUAL[0], "amount": 70}, ""),
        ({**USUAL[0], "amount": 71}, "amount is 3.02 times what was usual: 23.5, the middle of 8 calls."),
        ({**USUAL[0], "amount": "1e300"}, "times what was usual"),
        ({**USUAL[0], "amount": "nan"}, ""),
        ({**USUAL[0], "amount": 10**400}, ""),
        ({**USUAL[0], "to": "eve\u202e@evil"}, "to had never been “eve⟨U+202E⟩@evil” in the last 8 calls."),
        ({**USUAL[0], "to": "x" * 81}, ""),
        ({"new": True}, ""),
    ],
)
def test_what_is_unusual_is_named(args: dict[str, Any], said: str) -> None:
    assert (said in found(args, USUAL)) if said else found(args, USUAL) == ""


def test_few_calls_tell_nothing() -> None:
    assert (
        found({"amount": 9_000, "to": "eve"}, USUAL[:4])
        == "There were only 4 recent calls to compare it with: too few to tell what is usual."
    )
    assert found(USUAL[0], []).startswith("There was no recent call of this tool")


def test_a_card_tells_them_of_the_calls_that_were_done(house: House, browse: Callable[[str], Client]) -> None:
    ana, run = browse("ana"), make_run(house.agent, house.olga)
    assert "There was no recent call of this tool" in read(ana, make_approval(house))
    ToolCall.objects.update(status="rejected")
    for n in range(6):
        make_call(run, "refund", {"amount": 20, "order": f"A-{n}"}, status="succeeded")
    kept_elsewhere = make_call(run, "refund", {"amount": 1, "order": "C"}, status="succeeded").pk
    ToolCall.objects.filter(pk=kept_elsewhere).update(args=b"@sha256:" + b"0" * 64 + b":99")
    large = make_approval(house, arguments={"amount": 200, "order": "A-1"})
    make_call(run, "refund", {"amount": 9_000, "order": "B"}, status="succeeded")  # later than what was asked
    first = ToolCall.objects.filter(status="succeeded").earliest("pk").pk
    ToolCall.objects.filter(pk=first).update(finished_at=large.created_at + timedelta(seconds=1))
    with CaptureQueriesContext(connection) as queries:
        card = read(ana, large)
    assert "amount is 10 times what was usual: 20, the middle of 5 calls." in card
    assert sum("agents_toolcall" in query["sql"] and "LIMIT 100" in query["sql"] for query in queries) == 1
    assert "usual" not in read(ana, make_approval(house, arguments={"amount": 25, "order": "A-1"}))
