"""/metrics: who may ask, what is told, and what it costs."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils.timezone import now

from agents.models import Breaker, Presence
from agents.runtime.presence import Beating
from config import metrics
from console.vitals import VITALS
from tests.agents.conftest import agent, asks, ledger, play, says, start, workspace  # noqa: F401 - fixtures
from tests.people import make_member

LINE = re.compile(r'^countersign_[a-z_]+(\{[a-z]+="(?:[^"\\\n]|\\.)*"(,[a-z]+="(?:[^"\\\n]|\\.)*")*\})? -?[\d.e+-]+$')
BIG = ["agents_run", "agents_toolcall", "reviews_approvalrequest", "reviews_delivery", "workspaces_auditentry"]


def samples(client: Client, **headers: str) -> dict[str, float]:
    response = client.get("/metrics", headers=headers)
    assert (response.status_code, response["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    lines = response.content.decode().splitlines()
    assert all(LINE.match(line) or line.startswith(("# HELP ", "# TYPE ")) for line in lines)
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def test_what_is_open_and_what_was_counted(client: Client, settings, agent, start, play) -> None:  # noqa: F811
    settings.GATE = "reviews.gate.Gate"
    make_member(agent.workspace, "ana", "approver")
    start("queued", [says("x")])
    play("asks", [asks(("question", {"text": "Really?"})), says("ok")])
    settings.GATE = "agents.runtime.gate.AllowAll"
    play("ends", [says("done")])
    Beating(Presence.Program.WORKER).beat()
    Breaker.objects.create(workspace=agent.workspace, tool="mail", open_until=now() + timedelta(minutes=1))

    found = samples(client)

    assert found['countersign_broken_tools{tool="mail"}'] == 1
    assert found['countersign_runs{status="queued"}'] == found['countersign_runs{status="waiting"}'] == 1
    assert found['countersign_tool_calls{status="waiting"}'] == 1
    assert found['countersign_approvals{status="pending",kind="question"}'] == 1
    assert found['countersign_oldest_approval_seconds{kind="question"}'] > 0
    assert found['countersign_processes{program="worker"}'] == 1
    assert found["countersign_oldest_due_run_seconds"] > 0
    [ended] = [value for name, value in found.items() if 'runs_ended_total{status="succeeded"' in name]
    [steps] = [value for name, value in found.items() if "steps_total" in name]
    assert ended >= 1 and steps >= 4


@pytest.mark.django_db(transaction=True)
def test_only_the_machine_itself_may_ask_and_no_proxy(client: Client) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 403
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_with_a_token_only_its_holder_may_ask(client: Client, settings) -> None:
    settings.METRICS_TOKEN = "open sesame"
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer sesame"}).status_code == 403
    assert samples(client, **{"Authorization": "Bearer open sesame", "X-Forwarded-For": "203.0.113.9"})


@pytest.mark.django_db
@pytest.mark.parametrize("statement", [VITALS, *(one[2] for one in metrics.OPEN)])
def test_no_figure_reads_history(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {statement}", {"live": 15} if "%(live)s" in statement else None)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert not [table for table in BIG if re.search(rf"Seq Scan on {table}\b", plan)], plan


def test_a_name_cannot_break_out_of_its_label() -> None:
    assert metrics.braced({"process": 'a"b\\c\nd'}) == r'{process="a\"b\\c\nd"}'
