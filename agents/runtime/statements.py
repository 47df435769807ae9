"""The SQL that moves runs. Each text is fixed, so that it is prepared once a connection (engine.md §3, §5).

`status || ''` is what no index holds: a plan that was made while the table was small, and is kept, would look for one
run among all that are running.
"""

from agents.runtime.database import Statement

# One row, or nothing: the run is not due, not served here, stopped, or somebody else's.
CLAIM = Statement("""
UPDATE agents_run AS run SET epoch = run.epoch + 1, status = 'running', owner = %(owner)s, woken = false, due = NULL,
  lapses = run.lapses + (run.status = 'running')::int, started_at = coalesce(run.started_at, now()),
  lease_until = now() + %(lease)s * interval '1 s'
FROM workspaces_switch AS switch, agents_agent AS agent
WHERE run.id = %(run)s AND switch.workspace_id = run.workspace_id AND agent.id = run.agent_id
  AND (run.status = 'queued' OR run.status = 'waiting' AND run.due <= now()
    OR run.status = 'running' AND run.lease_until < now() AND run.lapses < %(max_lapses)s)
  AND (run.cancel_requested_at IS NOT NULL OR run.pause_requested_at IS NOT NULL
    OR run.awaiting = '' AND run.flow || ':' || run.revision = ANY(%(served)s)
    AND NOT switch.stopped AND NOT agent.name = ANY(switch.stopped_agents))
RETURNING run.id, run.workspace_id, run.epoch, run.seq, run.flow, run.revision, run.input, run.history, run.thread_id,
  run.version_id, run.agent_id,
  agent.name AS agent_name, run.tokens, run.cost, run.recording_id, coalesce(run.trace_id, run.id) AS trace_id,
  run.parent_id, run.depth, run.started_by_id,
  (SELECT username FROM workspaces_person WHERE id = run.started_by_id) AS started_by,
  run.labels::json AS labels, run.fork_mode, run.lineage,
  extract(epoch FROM run.created_at)::float8 + run.paused_seconds AS began,
  run.cancel_requested_at IS NOT NULL AS cancelling, run.pause_requested_at IS NOT NULL AS pausing,
  extract(epoch FROM now())::float8 AS now, switch.rules_epoch, switch.stopped_tools
""")

# The intent of a keyed or unsafe call, written before the tool is entered. FOR SHARE waits for a stop being set.
START = Statement("""
WITH open AS (
  SELECT workspace_id FROM workspaces_switch WHERE workspace_id = %(workspace)s AND NOT stopped
    AND NOT %(agent)s = ANY(stopped_agents) AND NOT %(tool)s = ANY(stopped_tools) AND rules_epoch = %(rules_epoch)s
  FOR SHARE),
mine AS (
  UPDATE agents_run AS run
  SET lease_until = greatest(run.lease_until, now() + (%(timeout)s::float8 + %(margin)s) * interval '1 s')
  FROM open WHERE run.id = %(run)s AND run.epoch = %(epoch)s AND run.status || '' = 'running'
    AND run.cancel_requested_at IS NULL AND run.pause_requested_at IS NULL
  RETURNING run.id)
UPDATE agents_toolcall AS call SET status = 'executing', attempt = call.attempt + 1, epoch = %(epoch)s, decided = '',
  started_at = now(), deadline_at = now() + %(timeout)s * interval '1 s'
FROM mine WHERE call.run_id = mine.id AND call.id = %(call)s AND call.digest = %(digest)s
  AND coalesce(call.effective_at <= now(), true) AND coalesce(now() < call.valid_until, true)
  AND (call.status = 'ready' OR call.status = 'waiting' AND call.decided = 'ready'
    OR call.status = 'executing' AND call.effect = 'keyed' AND call.epoch <= %(epoch)s)
RETURNING call.attempt
""")

# Why a start was refused.
REFUSAL = Statement("""
SELECT run.epoch <> %(epoch)s OR run.status <> 'running' AS lost, run.cancel_requested_at IS NOT NULL AS cancelling,
  run.pause_requested_at IS NOT NULL AS pausing,
  switch.stopped OR %(agent)s = ANY(switch.stopped_agents) OR %(tool)s = ANY(switch.stopped_tools) AS stopped,
  switch.rules_epoch <> %(rules_epoch)s AS other_rules, coalesce(call.valid_until <= now(), false) AS too_old,
  call.digest <> %(digest)s AS other_bytes, coalesce(call.effective_at > now(), false) AS too_early,
  extract(epoch FROM now())::float8 AS now
FROM agents_run AS run JOIN workspaces_switch AS switch ON switch.workspace_id = run.workspace_id
JOIN agents_toolcall AS call ON call.run_id = run.id WHERE run.id = %(run)s AND call.id = %(call)s
""")

# The gate was asked again for a call that had not started.
REJUDGE = Statement("""
WITH mine AS (SELECT id FROM agents_run WHERE id = %(run)s AND epoch = %(epoch)s AND status = 'running' FOR UPDATE)
UPDATE agents_toolcall AS call SET status = %(status)s, why = %(why)s, rules_epoch = %(rules_epoch)s,
  verdict = coalesce(%(verdict)s::jsonb, call.verdict), outcome = %(outcome)s,
  schema_digest = %(schema_digest)s, decided = '',
  effect = %(effect)s, reaches = %(reaches)s, effective_at = NULL, valid_until = NULL
FROM mine WHERE call.run_id = mine.id AND call.id = %(call)s AND call.status IN ('ready', 'waiting')
RETURNING call.id
""")

# The same decision under newer rules: an approval that was given stays.
REAFFIRM = Statement("""
WITH mine AS (SELECT id FROM agents_run WHERE id = %(run)s AND epoch = %(epoch)s AND status = 'running' FOR UPDATE)
UPDATE agents_toolcall AS call SET rules_epoch = %(rules_epoch)s, schema_digest = %(schema_digest)s,
  verdict = %(verdict)s::jsonb, effect = %(effect)s, reaches = %(reaches)s FROM mine
WHERE call.run_id = mine.id AND call.id = %(call)s
  AND (call.status IN ('ready', 'waiting') OR call.status = 'executing' AND call.effect = 'keyed') RETURNING call.id
""")

# The tool was certainly not entered: the intent is taken back.
UNSTART = Statement("""
WITH mine AS (SELECT id FROM agents_run WHERE id = %(run)s AND epoch = %(epoch)s AND status = 'running' FOR UPDATE)
UPDATE agents_toolcall AS call SET status = 'ready', started_at = NULL, deadline_at = NULL FROM mine
WHERE call.run_id = mine.id AND call.id = %(call)s AND call.status = 'executing' AND call.epoch = %(epoch)s
RETURNING call.id
""")

# News is taken note of before it is read, so that what comes between sets `woken` again.
LOOK = Statement("""
UPDATE agents_run SET woken = false WHERE id = %(run)s AND epoch = %(epoch)s AND status || '' = 'running'
RETURNING cancel_requested_at IS NOT NULL AS cancelling, pause_requested_at IS NOT NULL AS pausing
""")

CALLS = Statement("""
SELECT id, position, provider_id, tool, effect, reaches, status, decided, why, args, digest, schema_digest,
  proposed_args IS NOT NULL AS edited, attempt, epoch, rules_epoch, outcome, facts::text,
  extract(epoch FROM effective_at)::float8 AS effective, extract(epoch FROM valid_until)::float8 AS valid_until,
  extract(epoch FROM deadline_at)::float8 AS deadline,
  extract(epoch FROM now())::float8 AS now
FROM agents_toolcall WHERE run_id = %(run)s AND seq IS NULL ORDER BY id
""")

CHILDREN = Statement("""
SELECT parent_position AS position, id, status, result, error::json AS error, cancel_reason FROM agents_run
WHERE parent_id = %(run)s AND parent_position = ANY(%(positions)s::text[])
""")

INBOX = Statement("SELECT id, content FROM agents_message WHERE run_id = %(run)s AND taken_seq IS NULL ORDER BY id")

ROWS = Statement("""
SELECT position, kind, request, seq, outcome, failed FROM agents_checkpoint WHERE run_id = %(run)s ORDER BY seq
""")

# A journal in parts: steps of ancestors, and those of the run itself; with what the flow made of each.
ROWS_OF_LINE = Statement("""
SELECT position, kind, request, seq, outcome, failed, run_id <> %(run)s, state, messages
FROM unnest(%(runs)s::uuid[], %(firsts)s::int[], %(lasts)s::int[]) AS part (run, first, last)
JOIN agents_checkpoint ON run_id = part.run AND seq BETWEEN part.first AND part.last ORDER BY seq
""")

# One statement for all claims of a process; a missing row is a claim that is lost.
HEARTBEAT = Statement("""
UPDATE agents_run AS run SET lease_until = greatest(run.lease_until, now() + beat.seconds * interval '1 s')
FROM unnest(%(runs)s::uuid[], %(epochs)s::int[], %(seconds)s::float8[]) AS beat (id, epoch, seconds)
WHERE run.id = beat.id AND run.epoch = beat.epoch AND run.status = 'running'
RETURNING run.id, run.epoch, run.woken
""")

# What a fenced worker learned too late: evidence on the card, nothing else.
REPORT = Statement("""
UPDATE agents_toolcall SET report = %(report)s::jsonb
WHERE id = %(call)s AND epoch = %(epoch)s AND attempt = %(attempt)s AND seq IS NULL
""")

# --- the sweep ---

RIPEN = Statement("""
UPDATE agents_run SET status = 'queued' WHERE id IN (
  SELECT id FROM agents_run WHERE due <= now() AND status = 'waiting' ORDER BY due LIMIT 500 FOR UPDATE SKIP LOCKED)
RETURNING id
""")

POISON = Statement("""
WITH set_aside AS (
  UPDATE agents_run SET status = 'poisoned', lease_until = NULL, epoch = epoch + 1, error = jsonb_build_object(
    'type', 'poisoned', 'message', 'Three workers in a row stopped without a commit while they held this run.')
  WHERE id IN (SELECT id FROM agents_run WHERE status = 'running' AND lease_until < now() AND lapses >= %(max_lapses)s
    FOR UPDATE SKIP LOCKED)
  RETURNING id, workspace_id, seq)
INSERT INTO workspaces_event (workspace_id, topic, kind, object, number)
SELECT workspace_id, 'run', 'run.poisoned', id, seq FROM set_aside RETURNING object
""")

# Runs to advance, fewest running runs of the workspace first.
DUE = Statement("""
SELECT run.id, run.workspace_id FROM agents_run AS run
JOIN workspaces_switch AS switch ON switch.workspace_id = run.workspace_id
JOIN agents_agent AS agent ON agent.id = run.agent_id
LEFT JOIN (SELECT workspace_id, count(*) AS running FROM agents_run WHERE status = 'running' GROUP BY 1) AS busy
  ON busy.workspace_id = run.workspace_id
WHERE (run.status = 'queued' OR run.status = 'running' AND run.lease_until < now())
  AND (run.cancel_requested_at IS NOT NULL OR run.pause_requested_at IS NOT NULL
    OR run.awaiting = '' AND run.flow || ':' || run.revision = ANY(%(served)s)
    AND NOT switch.stopped AND NOT agent.name = ANY(switch.stopped_agents))
ORDER BY coalesce(busy.running, 0), run.id LIMIT %(limit)s
""")
