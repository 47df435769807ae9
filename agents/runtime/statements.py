"""The SQL that moves runs. Each text is fixed, so that it is prepared once a connection (engine.md §3, §5)."""

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
  run.labels::json AS labels, extract(epoch FROM run.created_at)::float8 AS created,
  run.cancel_requested_at IS NOT NULL AS cancelling, run.pause_requested_at IS NOT NULL AS pausing,
  extract(epoch FROM now())::float8 AS now, switch.rules_epoch, switch.stopped_tools
""")

# A segment: outcomes and what the flow made of them. No row: the claim is lost. 'running' although 'waiting' was
# asked for: there is news, look again; likewise 'paused' where somebody has resumed the run.
_COMMIT = """
WITH {above}mine AS (
  UPDATE agents_run SET seq = seq + %(count)s, lapses = 0,
    lease_until = CASE WHEN %(to)s::text = 'running' OR %(to)s::text = 'waiting' AND woken
      OR %(to)s::text = 'paused' AND pause_requested_at IS NULL THEN now() + %(lease)s * interval '1 s' END,
    due = CASE WHEN %(to)s::text = 'waiting' AND NOT woken THEN to_timestamp(%(due)s::float8) END,
    tokens = tokens + %(tokens)s, cost = cost + %(cost)s, result = %(result)s, error = %(error)s::jsonb,
    ended_by = %(ended_by)s,
    finished_at = CASE WHEN %(to)s::text IN ('succeeded', 'failed', 'cancelled') THEN now() END,
    woken = woken AND %(to)s::text <> 'waiting',
    status = CASE WHEN %(to)s::text = 'waiting' AND woken
      OR %(to)s::text = 'paused' AND pause_requested_at IS NULL THEN 'running' ELSE %(to)s::text END
  WHERE id = %(run)s AND epoch = %(epoch)s AND seq = %(seq)s AND status = 'running'
    {fence}
  RETURNING id, workspace_id, status, seq, woken, started_at, finished_at, parent_id, root_id, depth, labels,
    started_by_id, started_by_token_id, cancel_requested_at, pause_requested_at),
steps AS (
  INSERT INTO agents_checkpoint (run_id, epoch, seq, position, kind, request, outcome, failed, state, messages,
    keyframe, tokens, started_at)
  SELECT mine.id, %(epoch)s, step.* FROM mine, unnest(%(seqs)s::int[], %(positions)s::text[], %(kinds)s::text[],
    %(requests)s::bytea[], %(outcomes)s::text[], %(failed)s::bool[], %(states)s::text[], %(messages)s::text[],
    %(keyframes)s::text[], %(row_tokens)s::int[], %(started)s::timestamptz[]) AS step),
spans AS (
  INSERT INTO tracing_span (workspace_id, trace_id, span_id, parent_id, run_id, started_at, finished_at, kind, name,
    status, tokens)
  SELECT mine.workspace_id, %(trace)s, span.id, %(root_span)s, mine.id, span.started, now(), span.kind, span.name,
    span.failed::int, span.tokens
  FROM mine, unnest(%(span_ids)s::bigint[], %(started)s::timestamptz[], %(kinds)s::text[], %(names)s::text[],
    %(failed)s::bool[], %(row_tokens)s::int[]) AS span (id, started, kind, name, failed, tokens)
  UNION ALL
  SELECT mine.workspace_id, %(trace)s, %(root_span)s, %(parent_span)s, mine.id, mine.started_at, now(), 'agent',
    %(agent)s, (mine.status = 'failed')::int, 0 FROM mine WHERE mine.finished_at IS NOT NULL),
settled AS (
  UPDATE agents_toolcall AS call SET seq = step.seq, status = step.status, outcome = NULL,
    finished_at = coalesce(call.finished_at, now())
  FROM mine, unnest(%(seqs)s::int[], %(positions)s::text[], %(call_statuses)s::text[]) AS step (seq, position, status)
  WHERE call.run_id = mine.id AND call.position = step.position AND step.status IS NOT NULL),
doubted AS (
  UPDATE agents_toolcall AS call SET status = 'in_doubt', why = doubt.why
  FROM mine, unnest(%(doubted)s::text[], %(doubts)s::text[]) AS doubt (position, why)
  WHERE call.run_id = mine.id AND call.position = doubt.position AND call.status = 'executing'
  RETURNING call.id, call.workspace_id),
dropped AS (
  UPDATE agents_toolcall AS call SET status = 'cancelled', finished_at = now() FROM mine
  WHERE mine.finished_at IS NOT NULL AND call.run_id = mine.id AND call.status IN ('proposed', 'waiting', 'ready')
    AND NOT call.position = ANY(coalesce(%(positions)s::text[], ARRAY[]::text[]))
  RETURNING call.id),
proposed AS (
  INSERT INTO agents_toolcall (workspace_id, run_id, position, provider_id, tool, title, effect, reaches, status, why,
    args, digest, schema_digest, rules_epoch, verdict, facts, outcome)
  SELECT mine.workspace_id, mine.id, call.position, call.provider_id, call.tool, call.title, call.effect, call.reaches,
    call.status, call.why, call.args, call.digest, call.schema_digest, call.rules_epoch, call.verdict::jsonb,
    call.facts::jsonb, call.outcome
  FROM mine, unnest(%(call_positions)s::text[], %(provider_ids)s::text[], %(tools)s::text[], %(titles)s::text[],
    %(effects)s::text[], %(reaches)s::text[], %(statuses)s::text[], %(whys)s::text[], %(args)s::bytea[],
    %(digests)s::bytea[], %(schema_digests)s::bytea[], %(rules_epochs)s::int[], %(verdicts)s::text[],
    %(facts)s::text[], %(call_outcomes)s::text[])
    AS call (position, provider_id, tool, title, effect, reaches, status, why, args, digest, schema_digest, rules_epoch,
      verdict, facts, outcome)
  RETURNING id, position),
taken AS (
  UPDATE agents_message AS message SET taken_seq = taking.seq
  FROM mine, unnest(%(taken)s::bigint[], %(taken_seqs)s::int[]) AS taking (id, seq)
  WHERE message.run_id = mine.id AND message.id = taking.id AND message.taken_seq IS NULL),
{relatives}told AS (
  INSERT INTO workspaces_event (workspace_id, topic, kind, object, number)
  SELECT workspace_id, 'run', 'run.' || status, id, seq FROM mine WHERE status NOT IN ('running', 'queued')
  UNION ALL SELECT workspace_id, 'tool_call', 'tool_call.in_doubt', id, NULL FROM doubted{told})
SELECT mine.status, mine.woken, (SELECT array_agg(position || ' ' || id) FROM proposed) AS proposed,
  (SELECT array_agg(id) FROM doubted) AS doubted, (SELECT array_agg(id) FROM dropped) AS dropped,
  {answer},
  switch.stopped OR %(agent)s = ANY(switch.stopped_agents) AS stopped, switch.rules_epoch,
  switch.stopped_tools
FROM mine JOIN workspaces_switch AS switch ON switch.workspace_id = mine.workspace_id
"""
NO_RELATIVES = {
    "above": "",
    "fence": "",
    "relatives": "",
    "told": "",
    "answer": "NULL::text[] AS children, NULL::uuid[] AS orphaned",
}
COMMIT = Statement(_COMMIT.format(**NO_RELATIVES))

# The same for a segment that starts children or ends its run. A child that ends locks its parent first: from parent to
# child is the order in which everybody locks runs.
RELATIVES = {
    "above": """above AS MATERIALIZED (
  SELECT id FROM agents_run WHERE id = %(parent)s::uuid AND %(to)s::text IN ('succeeded', 'failed', 'cancelled')
  FOR NO KEY UPDATE),
""",
    "fence": "AND (SELECT count(*) FROM above) < 2",
    "relatives": """children AS (
  INSERT INTO agents_run (workspace_id, agent_id, version_id, flow, revision, input, title, labels, parent_id,
    parent_position, root_id, depth, trace_id, started_by_id, started_by_token_id, cancel_requested_at,
    pause_requested_at)
  SELECT mine.workspace_id, child.agent, child.version, child.flow, child.revision, child.input, child.title,
    mine.labels, mine.id, child.position, coalesce(mine.root_id, mine.id), mine.depth + 1, %(trace)s,
    mine.started_by_id, mine.started_by_token_id, mine.cancel_requested_at, mine.pause_requested_at
  FROM mine, unnest(%(child_positions)s::text[], %(child_agents)s::bigint[], %(child_versions)s::bigint[],
    %(child_flows)s::text[], %(child_revisions)s::int[], %(child_inputs)s::text[], %(child_titles)s::text[])
    AS child (position, agent, version, flow, revision, input, title)
  RETURNING id, workspace_id, parent_position),
woken AS (
  UPDATE agents_run AS parent SET woken = true,
    status = CASE parent.status WHEN 'waiting' THEN 'queued' ELSE parent.status END
  FROM mine WHERE parent.id = mine.parent_id AND mine.finished_at IS NOT NULL),
orphaned AS (
  UPDATE agents_run AS child SET woken = true, cancel_requested_at = now(), pause_requested_at = NULL,
    cancel_reason = 'The run that had started this one has ended.',
    status = CASE WHEN child.status = 'running' THEN 'running' ELSE 'queued' END
  FROM mine WHERE child.parent_id = mine.id AND mine.finished_at IS NOT NULL AND child.cancel_requested_at IS NULL
    AND child.status NOT IN ('succeeded', 'failed', 'cancelled')
  RETURNING child.id),
""",
    "told": "\n  UNION ALL SELECT workspace_id, 'run', 'run.queued', id, NULL FROM children",
    "answer": """(SELECT array_agg(parent_position || ' ' || id) FROM children) AS children,
  (SELECT array_agg(id) FROM orphaned) AS orphaned""",
}
COMMIT_WITH_RELATIVES = Statement(_COMMIT.format(**RELATIVES))

# The intent of a keyed or unsafe call, written before the tool is entered. FOR SHARE waits for a stop being set.
START = Statement("""
WITH open AS (
  SELECT workspace_id FROM workspaces_switch WHERE workspace_id = %(workspace)s AND NOT stopped
    AND NOT %(agent)s = ANY(stopped_agents) AND NOT %(tool)s = ANY(stopped_tools) AND rules_epoch = %(rules_epoch)s
  FOR SHARE),
mine AS (
  UPDATE agents_run AS run
  SET lease_until = greatest(run.lease_until, now() + (%(timeout)s + %(margin)s) * interval '1 s')
  FROM open WHERE run.id = %(run)s AND run.epoch = %(epoch)s AND run.status = 'running'
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
  call.digest <> %(digest)s AS other_bytes
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

# The same verdict under newer rules: an approval that was given stays.
REAFFIRM = Statement("""
WITH mine AS (SELECT id FROM agents_run WHERE id = %(run)s AND epoch = %(epoch)s AND status = 'running' FOR UPDATE)
UPDATE agents_toolcall AS call SET rules_epoch = %(rules_epoch)s, schema_digest = %(schema_digest)s,
  effect = %(effect)s, reaches = %(reaches)s FROM mine
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
UPDATE agents_run SET woken = false WHERE id = %(run)s AND epoch = %(epoch)s AND status = 'running'
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
SELECT seq, position, kind, request, outcome, failed, state, messages FROM agents_checkpoint
WHERE run_id = %(run)s ORDER BY seq
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
SELECT run.id FROM agents_run AS run
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
