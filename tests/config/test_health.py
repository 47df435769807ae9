"""/healthz and /readyz."""

import pytest
from django.db import connection
from django.test import Client

from tests.agents.conftest import agent, says, start, workspace  # noqa: F401 - fixtures


def test_the_process_is_alive_without_asking_the_database(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}


@pytest.mark.django_db(transaction=True)
def test_nothing_is_due_when_nothing_is_queued(client: Client) -> None:
    assert client.get("/readyz").json() == {"status": "ready", "oldest_due_run_seconds": 0.0}


def test_a_run_that_nobody_starts_grows_old(client: Client, start) -> None:  # noqa: F811
    run = start("hello", [says("done")])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE agents_run SET created_at = now() - interval '90 seconds' WHERE id = %s", [run.pk])

    assert 90 <= client.get("/readyz").json()["oldest_due_run_seconds"] < 900


def test_runs_of_a_stopped_workspace_wait_rightly(client: Client, start) -> None:  # noqa: F811
    run = start("hello", [says("done")])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE workspaces_switch SET stopped = true WHERE workspace_id = %s", [run.workspace_id])

    assert client.get("/readyz").json()["oldest_due_run_seconds"] == 0
