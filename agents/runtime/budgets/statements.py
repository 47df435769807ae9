"""The SQL of budgets. A term is what is counted together: a day or a month of UTC, or a root run."""

from agents.runtime.database import Statement
from agents.tools.raise_budget import RAISE_BUDGET

TERM = """CASE budget.period WHEN 'day' THEN to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD')
  WHEN 'month' THEN to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM') ELSE {root} END"""
USED = "coalesce((SELECT sum(amount) FROM agents_budgetuse AS u WHERE u.budget_id = {0}.id AND u.term = {0}.term), 0)"
RAISED = (
    "coalesce((SELECT sum(amount) FROM agents_budgetraise AS r WHERE r.budget_id = {0}.id AND r.term = {0}.term), 0)"
)

# Take hold of what a call may use, in all budgets or in none. Two runs that ask in the same instant do not see each
# other, and both may pass: by so much, one call a run, a budget can be overspent. In exchange nobody waits.
HOLD = Statement(f"""
WITH mine AS (SELECT FROM agents_run WHERE id = %(run)s AND epoch = %(epoch)s AND status = 'running'),
asked AS (
  SELECT budget.id, budget.hard, wanted.amount, {TERM.format(root="%(root)s::text")} AS term
  FROM unnest(%(budgets)s::uuid[], %(amounts)s::numeric[]) AS wanted (id, amount)
  JOIN agents_budget AS budget ON budget.id = wanted.id AND budget.hard IS NOT NULL),
standing AS (
  SELECT asked.*, {USED.format("asked")} AS used, hard + {RAISED.format("asked")} AS allowed,
    coalesce((SELECT sum(hold.amount) FROM agents_budgethold AS hold WHERE hold.budget_id = asked.id
      AND hold.term = asked.term AND NOT (hold.run_id = %(run)s AND hold.position = %(position)s)), 0) AS held
  FROM asked),
taken AS (
  INSERT INTO agents_budgethold (budget_id, term, run_id, position, epoch, amount)
  SELECT id, term, %(run)s, %(position)s, %(epoch)s, amount FROM standing
  WHERE (SELECT bool_and(used + held < allowed) FROM standing) AND EXISTS (SELECT FROM mine)
  ON CONFLICT (run_id, position, budget_id)
    DO UPDATE SET epoch = excluded.epoch, amount = excluded.amount, term = excluded.term)
SELECT id, term, used, held, allowed, EXISTS (SELECT FROM mine) AS is_mine FROM standing
""")

# Runs that begin in the same instant stand in line for each budget of runs: there are few of them.
STAND_IN_LINE = Statement("SELECT FROM agents_budget WHERE id = ANY(%(budgets)s::uuid[]) ORDER BY id FOR NO KEY UPDATE")

# In the transaction of the step's commit: what was used, on this run's shard, and an end to what its calls held.
SETTLE = Statement(f"""
WITH freed AS (
  DELETE FROM agents_budgethold WHERE run_id = %(run)s AND NOT position = ANY(%(busy)s::text[]))
INSERT INTO agents_budgetuse (budget_id, term, shard, amount)
SELECT budget.id, {TERM.format(root="%(root)s::text")}, %(shard)s, spent.amount
FROM unnest(%(budgets)s::uuid[], %(amounts)s::numeric[]) AS spent (id, amount)
JOIN agents_budget AS budget ON budget.id = spent.id WHERE spent.amount > 0 ORDER BY budget.id
ON CONFLICT (budget_id, term, shard) DO UPDATE SET amount = agents_budgetuse.amount + excluded.amount
""")

# A soft limit is told of once a term.
TELL = Statement(f"""
WITH term AS (
  SELECT budget.id, budget.workspace_id, budget.soft, {TERM.format(root="%(root)s::text")} AS term
  FROM agents_budget AS budget WHERE budget.soft IS NOT NULL
    AND CASE WHEN %(root)s::text = '' THEN budget.period <> 'run' ELSE budget.id = ANY(%(budgets)s::uuid[]) END),
passed AS (
  SELECT * FROM term WHERE soft <= {USED.format("term")} AND NOT EXISTS (
    SELECT FROM agents_budgetuse AS t WHERE t.budget_id = term.id AND t.term = term.term AND t.is_told)),
told AS (
  INSERT INTO agents_budgetuse (budget_id, term, shard, amount, is_told)
  SELECT id, term, 0, 0, true FROM passed ORDER BY id
  ON CONFLICT (budget_id, term, shard) DO UPDATE SET is_told = true WHERE NOT agents_budgetuse.is_told
  RETURNING budget_id)
INSERT INTO workspaces_event (workspace_id, topic, kind, object)
SELECT workspace_id, 'budget', 'budget.soft_limit', id FROM passed JOIN told ON told.budget_id = passed.id
RETURNING workspace_id, object
""")

# What a claim held that is over or lapsed. What its calls used, if anything, nobody can know any more.
GIVE_BACK = Statement("""
DELETE FROM agents_budgethold WHERE id IN (
  SELECT hold.id FROM agents_budgethold AS hold WHERE NOT EXISTS (
    SELECT FROM agents_run AS run WHERE run.id = hold.run_id AND run.epoch = hold.epoch AND run.status = 'running'
      AND run.lease_until > now() - interval '10 s')
  FOR UPDATE SKIP LOCKED)
""")

# The run whose budget a run and all its descendants use.
ROOT = Statement("""
SELECT root.id::text AS root, root.agent_id FROM agents_run AS run
JOIN agents_run AS root ON root.id = coalesce(run.root_id, run.id) WHERE run.id = %(run)s
""")

# Requests for more that have become needless: a new day, another's raise, an admin's change.
NEEDLESS = Statement(f"""
WITH asked AS (
  SELECT call.id, call.run_id, convert_from(call.args, 'UTF8')::json AS args FROM agents_toolcall AS call
  WHERE call.tool = '{RAISE_BUDGET.name}' AND call.status = 'waiting' AND call.decided = ''),
standing AS (
  SELECT asked.id AS call, asked.run_id, budget.id, budget.hard, asked.args->>'term' AS term,
    budget.period = 'run' OR {TERM.format(root="''")} = asked.args->>'term' AS is_current
  FROM asked LEFT JOIN agents_budget AS budget ON budget.id = (asked.args->>'budget')::uuid)
SELECT call, run_id FROM standing
WHERE NOT coalesce(is_current AND {USED.format("standing")} >= hard + {RAISED.format("standing")}, false) LIMIT 200
""")
