"""How long what is due has been waiting: figures of the whole installation, told by indexes of what is open."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from psycopg.rows import DictRow, dict_row

from agents.models.presence import LIVE_SECONDS
from workspaces import hints

PATIENCE_SECONDS = 2

# Runs that nobody alive knows are left out while anybody is alive: they are set aside after a while, and until then
# they say nothing about whether the others are served. Runs that were stopped wait rightly.
VITALS = """
WITH live AS (
  SELECT program, served, beat_at FROM agents_presence WHERE beat_at > now() - %(live)s * interval '1 s'),
known AS (SELECT DISTINCT unnest(served) AS flow FROM live),
due AS (
  (SELECT run.queued_at AS since FROM {run} WHERE run.status = 'queued' AND {served} ORDER BY run.queued_at LIMIT 1)
  UNION ALL
  (SELECT run.due FROM {run} WHERE run.status = 'waiting' AND run.due < now() AND {served} ORDER BY run.due LIMIT 1)
  UNION ALL
  (SELECT min(run.lease_until) FROM {run} WHERE run.status = 'running' AND run.lease_until < now() AND {served}))
SELECT (SELECT count(*) FROM live WHERE program = 'worker') AS workers,
  (SELECT count(*) FROM live WHERE program = 'sweep') AS sweeps,
  (SELECT {age} FROM due) AS oldest_due_run_seconds,
  (SELECT extract(epoch FROM now() - min(oldest.created_at)) FROM workspaces_workspace AS workspace CROSS JOIN LATERAL (
     SELECT created_at FROM workspaces_auditentry WHERE workspace_id = workspace.id AND chain_seq IS NULL
     ORDER BY id LIMIT 1) AS oldest)::float8 AS unchained_audit_seconds,
  (SELECT extract(epoch FROM now() - min(created_at)) FROM (
     SELECT created_at FROM workspaces_event WHERE announced_at IS NULL
     ORDER BY xid, seq LIMIT 1) AS oldest)::float8 AS unannounced_event_seconds,
  (SELECT extract(epoch FROM now() - min(oldest.next_at)) FROM reviews_endpoint AS endpoint CROSS JOIN LATERAL (
     SELECT next_at FROM reviews_delivery WHERE endpoint_id = endpoint.id AND status IN ('pending', 'failed')
     ORDER BY next_at LIMIT 1) AS oldest
   WHERE endpoint.enabled AND oldest.next_at < now())::float8 AS overdue_delivery_seconds,
  (SELECT extract(epoch FROM now() - max(beat_at)) FROM agents_presence WHERE program = 'sweep')::float8
    AS sweep_lag_seconds
""".format(
    age="extract(epoch FROM now() - min(since))::float8",
    run="""agents_run AS run JOIN agents_agent AS agent ON agent.id = run.agent_id
      JOIN workspaces_switch AS switch ON switch.workspace_id = run.workspace_id""",
    served="""NOT switch.stopped AND NOT agent.name = ANY(switch.stopped_agents)
      AND (run.cancel_requested_at IS NOT NULL OR run.pause_requested_at IS NOT NULL
        OR run.flow || ':' || run.revision IN (SELECT flow FROM known) OR NOT EXISTS (SELECT FROM known))""",
)


@dataclass(frozen=True, slots=True)
class Vitals:
    """One look at the installation; ages in seconds, 0 where nothing waits."""

    workers: int
    sweeps: int
    oldest_due_run_seconds: float
    unchained_audit_seconds: float
    unannounced_event_seconds: float
    overdue_delivery_seconds: float
    sweep_lag_seconds: float
    broker: str
    doorbells: int

    @classmethod
    def look(cls) -> "Vitals":
        """Raises psycopg.Error where the database does not answer soon."""
        with own_connection() as own:
            found = own.execute(VITALS, {"live": LIVE_SECONDS}).fetchone() or {}
        waiting = hints.doorbells()
        broker = "none" if not settings.BROKER_URL else "reachable" if waiting is not None else "unreachable"
        ages = {field.name: round(found.get(field.name) or 0, 3) for field in fields(cls) if field.name in found}
        return cls(**ages, broker=broker, doorbells=waiting or 0)


def complaints(vitals: Vitals) -> Iterator[str]:
    """What is not as it should be. A broker that is away is not among it: without one everything is only slower."""
    if not vitals.workers:
        yield "No worker is alive."
    if not vitals.sweeps:
        yield "No sweep is alive."
    if vitals.oldest_due_run_seconds > settings.READY_QUEUE_SECONDS:
        yield f"A run that is due has waited for {vitals.oldest_due_run_seconds:.0f} s."
    late = {
        "An audit entry has not been linked": vitals.unchained_audit_seconds,
        "An event has not been announced": vitals.unannounced_event_seconds,
        "A webhook that is due has not been sent": vitals.overdue_delivery_seconds,
    }
    for what, seconds in late.items():
        if seconds > settings.READY_LAG_SECONDS:
            yield f"{what} for {seconds:.0f} s."


def own_connection() -> psycopg.Connection[DictRow]:
    """A connection outside of the pool, which would wait long for a database that is away."""
    parameters: dict[str, Any] = {**connection.get_connection_params(), "connect_timeout": PATIENCE_SECONDS}
    parameters |= {"row_factory": dict_row, "cursor_factory": psycopg.Cursor, "context": None}
    return psycopg.connect(**parameters, options=f"-c statement_timeout={PATIENCE_SECONDS}s")
