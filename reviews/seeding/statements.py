"""The statements that copy templates: one a table, each for as many runs as a transaction takes."""

# So many copies, oldest first: ids are of their time. Finished runs are spread over the days before now, mostly in
# working hours; one that waits was asked a part of its patience ago.
COPY = """
CREATE TEMP TABLE seed_copy ON COMMIT DROP AS
SELECT template, started, uuidv7(started - clock_timestamp()) AS run FROM (
  SELECT run.template, CASE run.status
    WHEN 'waiting' THEN now() - (run.asked + run.patience * 0.9 * random()) * interval '1 s'
    ELSE least(day.at - CASE WHEN extract(isodow FROM day.at) > 5 AND random() < 0.85 THEN interval '2 days'
      ELSE interval '0' END, now() - (run.ended + 60) * interval '1 s') END AS started
  FROM generate_series(%(first)s::int, %(last)s::int) AS n
  JOIN seed_run AS run ON run.template = n %% %(templates)s::int
  CROSS JOIN LATERAL (SELECT date_trunc('day', now() - %(days)s * interval '1 day'
    + (n::float8 / %(runs)s::int) * %(days)s * interval '1 day')
    + (6 + 6 * (random() + random())) * interval '1 hour' AS at) AS day
  ORDER BY started) AS placed
"""
# The ids of what refers to each other.
CALLS = """
CREATE TEMP TABLE seed_copied ON COMMIT DROP AS
SELECT copy.*, call.position, uuidv7(at.created - clock_timestamp()) AS call,
  uuidv7(at.created - clock_timestamp()) AS approval
FROM seed_copy AS copy JOIN seed_call AS call USING (template)
CROSS JOIN LATERAL (SELECT copy.started + call.created * interval '1 s' AS created) AS at
ORDER BY at.created, call.position
"""
RUNS = """
INSERT INTO agents_run (id, workspace_id, agent_id, version_id, flow, revision, input, title, labels, status, epoch,
  seq, started_by_id, tokens, cost, result, error, created_at, queued_at, started_at, finished_at, cancel_requested_at,
  cancel_reason)
SELECT copy.run, %(workspace)s, run.agent, run.version, version.flow, version.revision, run.input, run.title, '{}',
  run.status, 1, run.seq, run.starter, run.tokens, run.cost, run.result, run.error, copy.started, copy.started,
  copy.started, copy.started + run.ended * interval '1 s', copy.started + run.cancelled * interval '1 s',
  run.cancel_reason
FROM seed_copy AS copy JOIN seed_run AS run USING (template) JOIN agents_agentversion AS version
  ON version.id = run.version
"""
STEPS = """
INSERT INTO agents_checkpoint (run_id, seq, epoch, tokens, failed, started_at, finished_at, position, kind, request,
  outcome, messages, keyframe)
SELECT copy.run, step.seq, 1, step.tokens, step.failed, copy.started + step.began * interval '1 s',
  copy.started + step.ended * interval '1 s', step.position, step.kind, step.request, step.outcome, step.messages,
  step.keyframe
FROM seed_copy AS copy JOIN seed_step AS step USING (template)
"""
# The id of a span: 63 bits of SHA-256 over run and step, as `commit.span_id` makes it; step 0 is the run itself.
SPANS = """
WITH span AS (
  SELECT copy.run, step.seq, 0 AS above, step.began, step.ended, step.kind, step.name, step.failed, step.tokens,
    copy.started FROM seed_copy AS copy JOIN seed_step AS step USING (template)
  UNION ALL
  SELECT copy.run, 0, NULL, 0, run.ended, 'agent', agent.name, run.status = 'failed', 0, copy.started
  FROM seed_copy AS copy JOIN seed_run AS run USING (template) JOIN agents_agent AS agent ON agent.id = run.agent
  WHERE run.ended IS NOT NULL)
INSERT INTO tracing_span (workspace_id, trace_id, span_id, parent_id, run_id, started_at, finished_at, kind, name,
  status, tokens)
SELECT %(workspace)s, run, pg_temp.seed_span(run, seq), coalesce(pg_temp.seed_span(run, above), 0), run,
  started + began * interval '1 s', started + ended * interval '1 s', kind, name, failed::int, tokens FROM span
"""
SPAN_ID = """
CREATE OR REPLACE FUNCTION pg_temp.seed_span(run uuid, seq int) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT (('x' || encode(substr(sha256(uuid_send(run) || int8send(seq)), 1, 8), 'hex'))::bit(64)::bigint >> 1)
    & 9223372036854775807 $$
"""
TOOL_CALLS = """
INSERT INTO agents_toolcall (id, workspace_id, run_id, position, provider_id, tool, title, effect, reaches, status, why,
  args, digest, proposed_args, schema_digest, effective_at, valid_until, rules_epoch, verdict, facts, attempt, epoch,
  deadline_at, seq, created_at, started_at, finished_at)
SELECT made.call, %(workspace)s, made.run, call.position, call.provider_id, call.tool, call.title, call.effect,
  call.reaches, call.status, call.why, call.args, call.digest, call.proposed_args, call.schema_digest,
  made.started + call.effective * interval '1 s', made.started + call.valid * interval '1 s', call.rules_epoch,
  call.verdict, '{}', call.attempt, CASE WHEN call.attempt > 0 THEN 1 END,
  made.started + call.deadline * interval '1 s', call.seq, made.started + call.created * interval '1 s',
  made.started + call.began * interval '1 s', made.started + call.ended * interval '1 s'
FROM seed_copied AS made JOIN seed_call AS call USING (template, position)
"""
APPROVALS = """
INSERT INTO reviews_approvalrequest (id, workspace_id, run_id, tool_call_id, subject_kind, status, title, revision,
  digest, seats, excluded, channels, edit_allowed, undo_seconds, risk, deadline_at, on_expiry, on_expiry_text,
  explanation, policy_revisions, requirement_digest, created_at, decided_at, effective_at)
SELECT made.approval, %(workspace)s, made.run, made.call, asked.subject_kind, asked.status, asked.title,
  asked.revision, asked.digest, asked.seats, asked.excluded, asked.channels, asked.edit_allowed, asked.undo_seconds,
  asked.risk, made.started + asked.deadline * interval '1 s', asked.on_expiry, asked.on_expiry_text,
  asked.explanation, asked.policy_revisions, asked.requirement_digest, made.started + asked.created * interval '1 s',
  made.started + asked.decided * interval '1 s', made.started + asked.effective * interval '1 s'
FROM seed_copied AS made JOIN seed_approval AS asked USING (template, position)
"""
REVISIONS = """
INSERT INTO reviews_revision (approval_id, number, args, digest, edited_by_id, created_at)
SELECT made.approval, revision.number, revision.args, revision.digest, revision.edited_by,
  made.started + revision.created * interval '1 s'
FROM seed_copied AS made JOIN seed_revision AS revision USING (template, position)
"""
DECISIONS = """
INSERT INTO reviews_decision (approval_id, n, kind, person_id, channel, revision, digest, seat, reason, text,
  args_after, created_at)
SELECT made.approval, said.n, said.kind, said.person, 'web', said.revision, said.digest, said.seat, said.reason,
  said.text, said.args_after, made.started + said.created * interval '1 s'
FROM seed_copied AS made JOIN seed_decision AS said USING (template, position)
"""
AUDIT = """
INSERT INTO workspaces_auditentry (workspace_id, created_at, actor, person_id, channel, kind, object, detail)
SELECT %(workspace)s, made.started + said.created * interval '1 s', said.actor, said.person, 'web',
  'approval.' || said.kind, made.approval::text,
  replace(replace(said.audited, '"RUN"', '"' || made.run || '"'), '"CALL"', '"' || made.call || '"')
FROM seed_copied AS made JOIN seed_decision AS said USING (template, position) ORDER BY 2
"""
ALL = [COPY, CALLS, RUNS, STEPS, SPANS, TOOL_CALLS, APPROVALS, REVISIONS, DECISIONS, AUDIT]
FILLED = [
    "agents_run",
    "agents_checkpoint",
    "tracing_span",
    "agents_toolcall",
    "reviews_approvalrequest",
    "reviews_revision",
    "reviews_decision",
    "workspaces_auditentry",
]
