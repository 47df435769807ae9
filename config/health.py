"""What a load balancer and a supervisor ask: is this process alive, and can it do its work."""

import psycopg
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

PATIENCE_SECONDS = 2
OLDEST_DUE = """
    SELECT coalesce(max(extract(epoch FROM now() - due.since)), 0)::float
    FROM (
        SELECT CASE run.status WHEN 'queued' THEN run.created_at WHEN 'waiting' THEN run.due ELSE run.lease_until END
        FROM agents_run AS run
        JOIN workspaces_switch AS switch ON switch.workspace_id = run.workspace_id
        JOIN agents_agent AS agent ON agent.id = run.agent_id
        WHERE NOT switch.stopped AND NOT agent.name = ANY(switch.stopped_agents)
          AND (run.status = 'queued' AND run.seq = 0
            OR run.status = 'running' AND run.lease_until < now() OR run.status = 'waiting' AND run.due < now())
    ) AS due (since)
"""


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "alive"})


def readyz(request: HttpRequest) -> HttpResponse:
    """The database answers; a growing age says that nobody starts new runs, ends timers or takes over lapsed leases."""
    try:
        seconds = oldest_due_run_seconds()
    except psycopg.Error:
        return JsonResponse({"status": "unready", "database": "unreachable"}, status=503)
    return JsonResponse({"status": "ready", "oldest_due_run_seconds": round(seconds, 3)})


def oldest_due_run_seconds() -> float:
    """Asked on a connection of its own: the pool would wait long for a database that is away."""
    parameters = {**connection.get_connection_params(), "connect_timeout": PATIENCE_SECONDS}
    with psycopg.connect(**parameters, options=f"-c statement_timeout={PATIENCE_SECONDS}s") as own:
        row = own.execute(OLDEST_DUE).fetchone()
    return float(row[0]) if row else 0.0
