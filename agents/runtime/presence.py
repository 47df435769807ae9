"""Processes say that they live, and which flows they know; runs that nobody knows are set aside until somebody does."""

import logging
import socket
import threading
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db import Error

from agents.models.presence import LIVE_SECONDS, Presence
from agents.runtime import database
from agents.runtime.claim import OWNER
from agents.runtime.clock import boot
from agents.runtime.database import Statement
from agents.runtime.flow import served
from agents.runtime.text import dumps
from workspaces import hints, tally

BEAT_SECONDS = 4.0
TEND_SECONDS = 5.0
FORGET_AFTER_HOURS = 24
log = logging.getLogger(__name__)

BEAT = Statement("""
INSERT INTO agents_presence AS presence (name, program, host, served, counts)
VALUES (%(name)s, %(program)s, %(host)s, %(served)s, %(counts)s::jsonb)
ON CONFLICT (name) DO UPDATE SET beat_at = now(), served = excluded.served, counts = excluded.counts,
  program = excluded.program, started_at = CASE WHEN %(is_first)s::bool THEN now() ELSE presence.started_at END
""")

FORGET = Statement("DELETE FROM agents_presence WHERE name = %(name)s")
FORGET_OLD = Statement("DELETE FROM agents_presence WHERE beat_at < now() - %(hours)s::float8 * interval '1 hour'")

# Known to nobody for so long, while somebody who would have seen them was there for so long: after an outage of the
# whole installation its processes first get the time to come back.
SET_ASIDE = Statement("""
WITH unserved AS (
  UPDATE agents_run SET status = 'unserved', lease_until = NULL, epoch = epoch + 1, error = jsonb_build_object(
    'type', 'unserved', 'message', format('No live worker knows the flow %%s, revision %%s. The run goes on by itself '
      'as soon as one does.', flow, revision))
  WHERE id IN (
    SELECT run.id FROM agents_run AS run
    WHERE (run.status = 'queued' AND run.queued_at < now() - %(after)s::float8 * interval '1 s'
        OR run.status = 'running' AND run.lease_until < now() - %(after)s::float8 * interval '1 s')
      AND run.cancel_requested_at IS NULL AND run.pause_requested_at IS NULL AND run.awaiting = ''
      AND NOT EXISTS (SELECT FROM agents_presence WHERE run.flow || ':' || run.revision = ANY(served)
        AND beat_at > now() - greatest(%(after)s::float8, %(live)s::float8) * interval '1 s')
      AND EXISTS (SELECT FROM agents_presence
        WHERE program <> 'web' AND beat_at > now() - %(live)s::float8 * interval '1 s'
        AND started_at < now() - %(after)s::float8 * interval '1 s')
    LIMIT 500 FOR UPDATE SKIP LOCKED)
  RETURNING id, workspace_id, seq, flow, revision),
told AS (
  INSERT INTO workspaces_event (workspace_id, topic, kind, object, number)
  SELECT workspace_id, 'run', 'run.unserved', id, seq FROM unserved)
SELECT * FROM unserved
""")

BRING_BACK = Statement("""
WITH served AS (
  UPDATE agents_run SET status = 'queued', error = NULL WHERE id IN (
    SELECT run.id FROM agents_run AS run WHERE run.status = 'unserved' AND EXISTS (
      SELECT FROM agents_presence WHERE program <> 'web' AND beat_at > now() - %(live)s::float8 * interval '1 s'
        AND run.flow || ':' || run.revision = ANY(served))
    LIMIT 500 FOR UPDATE SKIP LOCKED)
  RETURNING id, workspace_id, seq),
told AS (
  INSERT INTO workspaces_event (workspace_id, topic, kind, object, number)
  SELECT workspace_id, 'run', 'run.queued', id, seq FROM served)
SELECT * FROM served
""")


class Beating:
    """The heartbeat of this process, as one small upsert every few seconds."""

    def __init__(self, program: Presence.Program, *, every: float = BEAT_SECONDS):
        self.program, self.every = program, every
        self._is_first, self._next = True, 0.0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Beat in a thread of its own until `stop`."""
        self._thread = threading.Thread(target=self._beat_forever, name="presence", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Leave: whoever asks next knows at once that this process is gone."""
        self._stopping.set()
        if self._thread:
            self._thread.join(BEAT_SECONDS)
        with suppress(Error), database.released_after():  # without a database the row grows old by itself
            database.rows(FORGET, name=OWNER)

    def beat(self) -> None:
        """Beat now, unless it was done a moment ago."""
        if boot() < self._next:
            return
        database.rows(
            BEAT,
            name=OWNER,
            program=self.program,
            host=socket.gethostname(),
            served=[] if self.program == Presence.Program.WEB else served(),
            counts=dumps(tally.counts()),
            is_first=self._is_first,
        )
        self._is_first, self._next = False, boot() + self.every

    def _beat_forever(self) -> None:
        while not self._stopping.wait(max(0.0, self._next - boot())):
            try:
                with database.released_after():
                    self.beat()
            except Exception:  # the outermost loop: a process that works must not be taken for dead for good
                log.warning("The database did not take the heartbeat of this process.", exc_info=True)
                self._next = boot() + self.every


class Tending:
    """A duty of the sweep: runs that nobody knows are set aside, those that somebody knows again go on."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self) -> None:
        if boot() < self._next:
            return
        self._next = boot() + TEND_SECONDS
        for run in database.rows(SET_ASIDE, after=float(settings.UNSERVED_AFTER_SECONDS), live=float(LIVE_SECONDS)):
            log.error("Run %s is set aside: nobody knows its flow %s:%s.", run["id"], run["flow"], run["revision"])
            _told(run, "unserved")
        for run in database.rows(BRING_BACK, live=float(LIVE_SECONDS)):
            _told(run, "queued")
        database.rows(FORGET_OLD, hours=float(FORGET_AFTER_HOURS))


def _told(run: dict[str, Any], status: str) -> None:
    hints.page("run", run["id"], status, run["workspace_id"])
