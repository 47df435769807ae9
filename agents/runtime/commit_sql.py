"""The one statement that commits a segment, put together from the parts that the segment has something for.

No row: the claim is lost. 'running' although 'waiting' was asked for: there is news, look again; likewise 'paused'
where somebody has resumed the run. Rows come as JSON: a driver needs ten times as long for as many arrays; but then
the planner takes them for a hundred, and `positions` keeps it from reading all calls of the run for each step.
"""

from functools import cache

from agents.runtime.database import Statement

MINE = """mine AS (
  UPDATE agents_run SET seq = seq + %(count)s, lapses = 0, tokens = tokens + %(tokens)s, cost = cost + %(cost)s, {moves}
  WHERE id = %(run)s AND epoch = %(epoch)s AND seq = %(seq)s AND status || '' = 'running'{fence}
  RETURNING id, workspace_id, status, seq, woken, started_at, finished_at, parent_id, root_id, depth, labels,
    started_by_id, started_by_token_id, fork_mode, cancel_requested_at, pause_requested_at, pause_of)"""

GOES_ON = """lease_until = now() + %(lease)s * interval '1 s', due = NULL, result = NULL, error = NULL, ended_by = ''"""

COMES_TO_REST = """
    lease_until = CASE WHEN %(to)s::text = 'waiting' AND woken
      OR %(to)s::text = 'paused' AND pause_requested_at IS NULL THEN now() + %(lease)s * interval '1 s' END,
    due = CASE WHEN %(to)s::text = 'waiting' AND NOT woken THEN to_timestamp(%(due)s::float8) END,
    result = %(result)s, error = %(error)s::jsonb, ended_by = %(ended_by)s,
    finished_at = CASE WHEN %(to)s::text IN ('succeeded', 'failed', 'cancelled') THEN now() END,
    woken = woken AND %(to)s::text <> 'waiting',
    status = CASE WHEN %(to)s::text = 'waiting' AND woken
      OR %(to)s::text = 'paused' AND pause_requested_at IS NULL THEN 'running' ELSE %(to)s::text END"""

# A child that ends locks its parent first: from parent to child is the order in which everybody locks runs.
ABOVE = """above AS MATERIALIZED (SELECT id FROM agents_run WHERE id = %(parent)s::uuid FOR NO KEY UPDATE)"""
PARENT_FIRST = """
    AND (SELECT count(*) FROM above) < 2"""

PARTS = {
    "steps": """step AS (
  SELECT * FROM json_to_recordset(%(steps)s::json) AS step (seq int, position text, kind text, request text,
    outcome text, failed bool, state text, messages text, keyframe text, tokens int, started timestamptz, name text,
    span bigint, status text)),
steps AS (
  INSERT INTO agents_checkpoint (run_id, epoch, seq, position, kind, request, outcome, failed, state, messages,
    keyframe, tokens, started_at)
  SELECT mine.id, %(epoch)s, step.seq, step.position, step.kind, decode(step.request, 'hex'), step.outcome, step.failed,
    step.state, step.messages, step.keyframe, step.tokens, step.started FROM mine, step),
spans AS (
  INSERT INTO tracing_span (workspace_id, trace_id, span_id, parent_id, run_id, started_at, finished_at, kind, name,
    status, tokens)
  SELECT mine.workspace_id, %(trace)s, step.span, %(root_span)s, mine.id, step.started, now(), step.kind, step.name,
    step.failed::int, step.tokens FROM mine, step)""",
    "settled": """settled AS (
  UPDATE agents_toolcall AS call SET seq = step.seq, status = step.status, outcome = NULL,
    finished_at = coalesce(call.finished_at, now())
  FROM mine, step WHERE call.run_id = mine.id AND call.position = ANY(%(positions)s::text[])
    AND call.position = step.position AND step.status IS NOT NULL)""",
    "doubted": """doubted AS (
  UPDATE agents_toolcall AS call SET status = 'in_doubt', why = doubt.why
  FROM mine, json_to_recordset(%(doubts)s::json) AS doubt (position text, why text)
  WHERE call.run_id = mine.id AND call.position = doubt.position AND call.status = 'executing'
  RETURNING call.id, call.workspace_id)""",
    "proposed": """proposed AS (
  INSERT INTO agents_toolcall (workspace_id, run_id, position, provider_id, tool, title, effect, reaches, status, why,
    args, digest, schema_digest, rules_epoch, verdict, facts, outcome)
  SELECT mine.workspace_id, mine.id, call.position, call.provider_id, call.tool, call.title, call.effect, call.reaches,
    call.status, call.why, convert_to(call.args, 'UTF8'), decode(call.digest, 'hex'), decode(call.schema_digest, 'hex'),
    call.rules_epoch, call.verdict, call.facts, call.outcome
  FROM mine, json_to_recordset(%(calls)s::json) AS call (position text, provider_id text, tool text, title text,
    effect text, reaches text, status text, why text, args text, digest text, schema_digest text, rules_epoch int,
    verdict jsonb, facts jsonb, outcome text)
  RETURNING id, position)""",
    "taken": """taken AS (
  UPDATE agents_message AS message SET taken_seq = taking.seq
  FROM mine, json_to_recordset(%(taken)s::json) AS taking (id bigint, seq int)
  WHERE message.run_id = mine.id AND message.id = taking.id AND message.taken_seq IS NULL)""",
    "children": """children AS (
  INSERT INTO agents_run (workspace_id, agent_id, version_id, flow, revision, input, title, labels, parent_id,
    parent_position, root_id, depth, trace_id, started_by_id, started_by_token_id, fork_mode, cancel_requested_at,
    pause_requested_at, pause_of)
  SELECT mine.workspace_id, child.agent_id, child.version_id, child.flow, child.revision, child.input, child.title,
    mine.labels, mine.id, child.position, coalesce(mine.root_id, mine.id), mine.depth + 1, %(trace)s,
    mine.started_by_id, mine.started_by_token_id, mine.fork_mode, mine.cancel_requested_at,
    mine.pause_requested_at, mine.pause_of
  FROM mine, json_to_recordset(%(children)s::json) AS child (position text, agent_id bigint, version_id bigint,
    flow text, revision int, input text, title text)
  RETURNING id, workspace_id, parent_position)""",
    "ended": """root AS (
  INSERT INTO tracing_span (workspace_id, trace_id, span_id, parent_id, run_id, started_at, finished_at, kind, name,
    status, tokens)
  SELECT mine.workspace_id, %(trace)s, %(root_span)s, %(parent_span)s, mine.id, mine.started_at, now(), 'agent',
    %(agent)s, (mine.status = 'failed')::int, 0 FROM mine),
dropped AS (
  UPDATE agents_toolcall AS call SET status = 'cancelled', finished_at = now() FROM mine
  WHERE call.run_id = mine.id AND call.status IN ('proposed', 'waiting', 'ready')
    AND NOT call.position = ANY(%(positions)s::text[])
  RETURNING call.id),
orphaned AS (
  UPDATE agents_run AS child SET woken = true, cancel_requested_at = now(), pause_requested_at = NULL,
    cancel_reason = 'The run that had started this one has ended.',
    status = CASE WHEN child.status = 'running' THEN 'running' ELSE 'queued' END
  FROM mine WHERE child.parent_id = mine.id AND child.cancel_requested_at IS NULL
    AND child.status NOT IN ('succeeded', 'failed', 'cancelled')
  RETURNING child.id)""",
    "woken": """woken AS (
  UPDATE agents_run AS parent SET woken = true,
    status = CASE parent.status WHEN 'waiting' THEN 'queued' ELSE parent.status END
  FROM mine WHERE parent.id = mine.parent_id)""",
}

TOLD = """told AS (
  INSERT INTO workspaces_event (workspace_id, topic, kind, object, number)
  SELECT workspace_id, 'run', 'run.' || status, id, seq FROM mine WHERE status NOT IN ('running', 'queued'){more})"""
TOLD_MORE = {
    "doubted": "\n  UNION ALL SELECT workspace_id, 'tool_call', 'tool_call.in_doubt', id, NULL FROM doubted",
    "children": "\n  UNION ALL SELECT workspace_id, 'run', 'run.queued', id, NULL FROM children",
}

ANSWER = """
SELECT mine.status, mine.woken{answers},
  switch.stopped OR %(agent)s = ANY(switch.stopped_agents) AS stopped, switch.rules_epoch, switch.stopped_tools
FROM mine JOIN workspaces_switch AS switch ON switch.workspace_id = mine.workspace_id
"""
ANSWERS = {
    "proposed": "(SELECT array_agg(position || ' ' || id) FROM proposed) AS proposed",
    "doubted": "(SELECT array_agg(id) FROM doubted) AS doubted",
    "children": "(SELECT array_agg(parent_position || ' ' || id) FROM children) AS children",
    "ended": "(SELECT array_agg(id) FROM dropped) AS dropped, (SELECT array_agg(id) FROM orphaned) AS orphaned",
}


@cache
def commit_statement(parts: frozenset[str], *, goes_on: bool) -> Statement:
    """The statement with these of `PARTS`; `goes_on` for a run that stays with its worker."""
    moves, fence = (GOES_ON if goes_on else COMES_TO_REST), (PARENT_FIRST if "above" in parts else "")
    texts = [ABOVE] * ("above" in parts) + [MINE.format(moves=moves, fence=fence)]
    texts += [text for name, text in PARTS.items() if name in parts]
    if not goes_on or parts & set(TOLD_MORE):
        texts.append(TOLD.format(more="".join(text for name, text in TOLD_MORE.items() if name in parts)))
    answers = "".join(f", {answer}" for name, answer in ANSWERS.items() if name in parts)
    return Statement("WITH " + ",\n".join(texts) + ANSWER.format(answers=answers))
