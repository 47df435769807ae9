"""/healthz and /readyz."""

import pytest
from django.db import connection
from django.test import Client

from agents.models import Presence
from agents.runtime.flow import served
from tests.agents.conftest import agent, says, start, workspace  # noqa: F401 - fixtures
from workspaces import audit, events


def execute(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def answer(client: Client) -> tuple[int, dict]:
    response = client.get("/readyz")
    return response.status_code, response.json()


@pytest.fixture
def processes(transactional_db: None) -> None:
    for program in ("worker", "sweep"):
        Presence.objects.create(name=f"host:{program}", program=program, host="host", served=served())


def test_the_process_is_alive_without_asking_the_database(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}


def test_not_to_be_ready_is_an_answer_and_no_error_in_the_log(
    client: Client, transactional_db: None, caplog: pytest.LogCaptureFixture
) -> None:
    assert answer(client)[0] == 503
    assert not caplog.records


def test_with_worker_and_sweep_and_nothing_due_it_is_ready(client: Client, processes: None) -> None:
    status, said = answer(client)

    assert (status, said["status"], said["reasons"]) == (200, "ready", [])
    assert (said["workers"], said["sweeps"], said["oldest_due_run_seconds"]) == (1, 1, 0.0)
    assert said["broker"] == "reachable"


def test_processes_that_were_not_heard_of_do_not_count(client: Client, processes: None) -> None:
    execute("UPDATE agents_presence SET beat_at = now() - interval '16 seconds'")

    status, said = answer(client)

    assert (status, said["reasons"]) == (503, ["No worker is alive.", "No sweep is alive."])
    assert said["sweep_lag_seconds"] >= 16


def test_a_run_that_was_queued_again_grows_old_from_then_on(client: Client, start, processes: None) -> None:  # noqa: F811
    run = start("hello", [says("done")])
    execute("UPDATE agents_run SET created_at = now() - interval '1 hour', queued_at = now() - interval '1 hour'")
    execute("UPDATE agents_run SET status = 'running'")
    execute("UPDATE agents_run SET status = 'waiting'")
    run.wake()
    assert answer(client)[0] == 200

    execute("UPDATE agents_run SET queued_at = now() - interval '90 seconds'")

    status, said = answer(client)
    assert status == 503
    assert 90 <= said["oldest_due_run_seconds"] < 900
    assert "due has waited for" in said["reasons"][0]


@pytest.mark.parametrize(
    "status",
    [
        "'running', lease_until = now() - interval '2 minutes'",
        "'running', lease_until = NULL, due = NULL WHERE false; UPDATE agents_run SET status = 'running';"
        "UPDATE agents_run SET status = 'waiting', due = now() - interval '2 minutes'",
    ],
)
def test_lapsed_leases_and_timers_that_nobody_ends_are_due(client: Client, start, processes: None, status: str) -> None:  # noqa: F811
    start("hello", [says("done")])
    execute(f"UPDATE agents_run SET status = {status}")

    assert answer(client)[1]["oldest_due_run_seconds"] >= 120


def test_runs_that_are_stopped_or_known_to_nobody_say_nothing_about_the_others(
    client: Client,
    start,  # noqa: F811
    processes: None,
) -> None:
    run = start("hello", [says("done")])
    start("unknown", [], flow="of-tomorrow")
    execute("UPDATE agents_run SET queued_at = now() - interval '1 hour'")
    execute("UPDATE workspaces_switch SET stopped_agents = '{clerk}' WHERE workspace_id = %s", run.workspace_id)
    assert answer(client)[0] == 200

    execute("UPDATE workspaces_switch SET stopped_agents = '{}'")

    assert answer(client)[0] == 503


def test_chainer_and_announcer_that_lag_are_named(client: Client, workspace, processes: None) -> None:  # noqa: F811
    audit.record(workspace.pk, None, "test", "x", {})
    events.record(workspace.pk, "run", "run.waiting")
    execute("ALTER TABLE workspaces_auditentry DISABLE TRIGGER USER")
    execute("UPDATE workspaces_auditentry SET created_at = now() - interval '2 minutes'")
    execute("ALTER TABLE workspaces_auditentry ENABLE TRIGGER USER")
    execute("ALTER TABLE workspaces_auditentry DISABLE TRIGGER audit_is_never_truncated")
    execute("UPDATE workspaces_event SET created_at = now() - interval '2 minutes'")

    status, said = answer(client)

    assert status == 503
    assert [reason.split(" for ")[0] for reason in said["reasons"]] == [
        "An audit entry has not been linked",
        "An event has not been announced",
    ]
