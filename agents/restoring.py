"""After a database was restored: what may have happened since the backup is asked, not done again."""

from dataclasses import dataclass

from django.db import connection, transaction

from agents.exceptions import StillAlive
from agents.models import Presence, Schedule, ToolCall
from agents.runtime.gate import gate
from workspaces import events, restoring

JUMP = 1_000_000  # beyond every epoch that a worker can have reached since the backup
WHY = (
    "The database was restored from a backup in which this call had started or was about to. "
    "Whether it happened since then, it does not know."
)
MISSED = (
    "Paused: the database was restored, and this may have started since the backup. Resume it, or start it by hand."
)

_RUNS = """
UPDATE agents_run SET epoch = epoch + %s, lapses = 0, lease_until = NULL, owner = '',
  status = CASE status WHEN 'running' THEN 'queued' ELSE status END
FROM (SELECT id, status AS was FROM agents_run WHERE status NOT IN ('succeeded', 'failed', 'cancelled')
  ORDER BY id FOR UPDATE) AS found
WHERE agents_run.id = found.id RETURNING found.was
"""

# As if they had started at the moment of the restore: the table of legal moves then leads them into doubt.
_START = """
UPDATE agents_toolcall AS call SET status = 'executing', attempt = call.attempt + 1, decided = '', started_at = now(),
  deadline_at = now()
FROM agents_run AS run WHERE run.id = call.run_id AND run.recording_id IS NULL AND call.effect = 'unsafe'
  AND run.status NOT IN ('succeeded', 'failed', 'cancelled')
  AND (call.status = 'ready' OR call.status = 'waiting' AND call.decided = 'ready')
"""
_DOUBT = """
UPDATE agents_toolcall AS call SET status = 'in_doubt', why = %s
FROM agents_run AS run WHERE run.id = call.run_id AND call.effect = 'unsafe' AND call.status = 'executing'
  AND run.status NOT IN ('succeeded', 'failed', 'cancelled')
RETURNING call.id, call.workspace_id
"""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done."""

    runs: int
    taken_back: int
    in_doubt: int
    will_repeat: int
    schedules: int
    workspaces: int
    audits_cut: int
    events: int
    sessions: int
    links: int


@transaction.atomic
def after_restore() -> Restored:
    """Bring a restored database into a state that workers may go on from; doing it twice changes nothing more.

    Raises StillAlive while any process works on this database.
    """
    if alive := list(Presence.objects.live()):
        raise StillAlive(f"Stop these first, and start them afterwards: {', '.join(map(str, alive))}.")
    Presence.objects.all().delete()
    workspaces = restoring.jump_rules(JUMP)
    renumbered = restoring.keep_events_in_order()
    runs = _release_runs()
    doubted = _doubt_calls()
    sessions, links = restoring.sign_everybody_out()
    return Restored(
        runs=len(runs),
        taken_back=runs.count("running"),
        in_doubt=doubted,
        will_repeat=ToolCall.objects.filter(status="executing", effect="keyed").count(),
        schedules=Schedule.objects.due().order_by().update(paused=True, problem=MISSED),
        workspaces=workspaces,
        audits_cut=restoring.tell_audit(),
        events=renumbered,
        sessions=sessions,
        links=links,
    )


def _release_runs() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_RUNS, [JUMP])
        return [was for (was,) in cursor.fetchall()]


def _doubt_calls() -> int:
    """Unsafe calls that had started, and those that would start at once without anybody being asked again."""
    with connection.cursor() as cursor:
        cursor.execute(_START)
        cursor.execute(_DOUBT, [WHY])
        doubted = cursor.fetchall()
    gate().opened([call_id for call_id, _ in doubted])
    for call_id, workspace_id in doubted:
        events.record(workspace_id, "tool_call", "tool_call.in_doubt", call_id)
    return len(doubted)
