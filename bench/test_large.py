"""B16: what one tool result of 10 MB and the 50 rounds after it add to the database."""

import secrets

import pytest
from django.db import connection

from agents.gateway.scripted import script
from agents.models import Agent, Run
from agents.runtime.advance import advance
from agents.tools import tool
from tests.people import make_workspace

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]
SIZE, ROUNDS = 10_000_000, 50


@tool(effect="read")
def bench_fetch(size: int) -> str:
    """A text that does not compress."""
    return secrets.token_hex(size // 2)


@script("bench-large")
def large(request):
    turn = request.turns_so_far
    name, given = ("bench_fetch", {"size": SIZE}) if turn == 0 else ("bench_look", {"what": "x" * 1000})
    call = {"type": "tool_use", "id": f"t{turn}", "name": name, "input": given}
    return [call] if turn <= ROUNDS else [{"type": "text", "text": "done"}]


def test_b16_bytes_of_a_large_result(show, settings):
    import bench.story  # noqa: F401

    settings.GATE = "agents.runtime.gate.AllowAll"
    agent = Agent.objects.create(workspace=make_workspace(), name="bench")
    version = agent.add_version(
        chain=[{"provider": "scripted", "model": "bench-large"}], tools=["bench_fetch", "bench_look"], max_steps=10**6
    )
    before = size()
    run = Run.objects.create(
        workspace=agent.workspace, agent=agent, version=version, flow="react", revision=1, input='"go"'
    )
    advance(run.pk)
    run.refresh_from_db()
    assert run.status == "succeeded", run.error
    show("B16_bytes_added", "MB", [(size() - before) / 1e6], result_bytes=SIZE, rounds=ROUNDS)


def size():
    """Bytes of all our tables and indexes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_total_relation_size(oid)) FROM pg_class"
            " WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
        )
        return int(cursor.fetchone()[0])
