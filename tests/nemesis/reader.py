"""A reader that asks all the time, each time in one snapshot: is anything half done?"""

import threading

import psycopg

EVERY_SECONDS = 0.25
RECENT = "(run.finished_at IS NULL OR run.finished_at > now() - interval '5 s')"
SHARED = "coalesce(run.forked_seq - 1, 0)"  # steps of a fork that its ancestors made
HALVES = {
    "a run's seq is not its last checkpoint": """
        SELECT run.id, run.seq, steps.last, steps.count FROM agents_run AS run
        LEFT JOIN LATERAL (SELECT max(seq) AS last, count(*) AS count FROM agents_checkpoint WHERE run_id = run.id)
          AS steps ON true
        WHERE {recent} AND (run.seq <> coalesce(steps.last, {shared})
          OR run.seq <> {shared} + steps.count)""",
    "an approval is open for a call that does not wait": """
        SELECT asked.id, call.status, call.decided, run.status FROM reviews_approvalrequest AS asked
        JOIN agents_toolcall AS call ON call.id = asked.tool_call_id JOIN agents_run AS run ON run.id = call.run_id
        WHERE asked.status = 'pending'
          AND (call.status <> CASE asked.subject_kind WHEN 'in_doubt' THEN 'in_doubt' ELSE 'waiting' END
            OR run.status IN ('succeeded', 'failed', 'cancelled'))""",
    "a call waits and nobody is asked": """
        SELECT call.id, call.status, run.status FROM agents_toolcall AS call
        JOIN agents_run AS run ON run.id = call.run_id
        WHERE (call.status = 'waiting' AND call.decided = '' OR call.status = 'in_doubt') AND NOT EXISTS (
          SELECT FROM reviews_approvalrequest WHERE tool_call_id = call.id AND status = 'pending')""",
    "a call has a checkpoint that is not there": """
        SELECT call.id, call.seq FROM agents_toolcall AS call JOIN agents_run AS run ON run.id = call.run_id
        WHERE {recent} AND call.seq IS NOT NULL AND NOT EXISTS (
          SELECT FROM agents_checkpoint AS step WHERE step.run_id = call.run_id AND step.seq = call.seq
            AND step.position = call.position)""",
    "a step has no span": """
        SELECT run.id, run.seq FROM agents_run AS run
        WHERE {recent} AND run.seq <> {shared} + (
          SELECT count(*) FROM tracing_span WHERE run_id = run.id AND kind <> 'agent')""",
    "a claim is held by a run that does not run": """
        SELECT id, status FROM agents_run WHERE lease_until IS NOT NULL AND status <> 'running'
          OR lease_until IS NULL AND status = 'running'""",
}


def worded(query: str) -> str:
    """With the words that many of them use."""
    return query.replace("{recent}", RECENT).replace("{shared}", SHARED)


class Reader(threading.Thread):
    """Reads on a connection of its own until stopped; what it finds is a violation of I8."""

    def __init__(self, url: str):
        super().__init__(name="reader")
        self.url, self.stopping = url, threading.Event()
        self.looks, self.found = 0, {}

    def run(self) -> None:
        while not self.stopping.is_set():
            try:
                with psycopg.connect(self.url, autocommit=True, connect_timeout=3) as connection:
                    self.look_until_it_breaks(connection)
            except psycopg.Error:
                self.stopping.wait(0.3)

    def look_until_it_breaks(self, connection: psycopg.Connection) -> None:
        connection.execute("SET statement_timeout = '10s'")
        while not self.stopping.wait(EVERY_SECONDS):
            for name, query in HALVES.items():
                rows = connection.execute(worded(query)).fetchall()
                self.looks += 1
                if rows and name not in self.found:
                    self.found[name] = [str(row) for row in rows[:3]]
