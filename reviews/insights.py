"""What the latest requests, runs and calls tell of the work: each figure reads at most LATEST rows of one index.

"Half within" and "95 % within" are values that occurred, so that the sentence is true of few values too. Of a call that
was in doubt only people know the end, and when they said it: it counts, but not for how long the tool takes.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection

from agents.runtime.text import loads

LATEST = 20_000
FAST_SECONDS = 3  # a decision that comes sooner after the one before was hardly read
ROWS = 20
EDITS, READABLE_BYTES = 500, 40_000  # requests whose edits are compared, and how long their arguments may be

_REQUESTS = """
WITH latest AS (
  SELECT id, risk, status, revision, created_at, decided_at FROM reviews_approvalrequest
  WHERE workspace_id = %(workspace)s AND id >= %(first)s AND status <> 'pending' ORDER BY id DESC LIMIT %(latest)s)
"""
_BY_RISK = f"""{_REQUESTS}, took AS (
  SELECT *, CASE WHEN status IN ('approved', 'rejected', 'answered')
    THEN extract(epoch FROM decided_at - created_at)::float8 END AS seconds FROM latest)
SELECT risk, count(*), count(seconds), count(*) FILTER (WHERE status = 'expired'),
  count(*) FILTER (WHERE status = 'rejected'), count(seconds) FILTER (WHERE revision > 1),
  percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds), percentile_disc(0.95) WITHIN GROUP (ORDER BY seconds)
FROM took GROUP BY risk ORDER BY array_position(ARRAY['high', 'medium', 'low'], risk::text)
"""
_BY_DAY = f"""{_REQUESTS}
SELECT (decided_at AT TIME ZONE 'UTC')::date, status, count(*) FROM latest GROUP BY 1, 2 ORDER BY 1
"""
_BY_PERSON = f"""{_REQUESTS}, made AS (
  SELECT decision.person_id, decision.created_at,
    CASE WHEN decision.batch = lag(decision.batch) OVER own THEN NULL
    ELSE extract(epoch FROM decision.created_at
      - greatest(latest.created_at, lag(decision.created_at) OVER own))::float8 END AS seconds
  FROM latest JOIN reviews_decision AS decision ON decision.approval_id = latest.id
  WHERE decision.undone_at IS NULL AND decision.kind <> 'edit'
  WINDOW own AS (PARTITION BY decision.person_id ORDER BY decision.created_at, decision.id))
SELECT person.name, count(*), count(seconds), count(*) FILTER (WHERE seconds < %(fast)s),
  percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds)
FROM made JOIN workspaces_person AS person ON person.id = made.person_id
GROUP BY person.id ORDER BY count(*) DESC, person.name LIMIT %(rows)s
"""
_BY_AGENT = """
WITH latest AS (
  SELECT id, agent_id, status, cost FROM agents_run
  WHERE workspace_id = %(workspace)s AND id >= %(first)s AND status IN ('succeeded', 'failed', 'cancelled')
  ORDER BY id DESC LIMIT %(latest)s)
SELECT agent.name, count(*), avg(cost)::float8, percentile_disc(0.95) WITHIN GROUP (ORDER BY cost)::float8,
  count(*) FILTER (WHERE status = 'succeeded'),
  count(*) FILTER (WHERE EXISTS (SELECT FROM reviews_approvalrequest AS asked WHERE asked.run_id = latest.id))
FROM latest JOIN agents_agent AS agent ON agent.id = latest.agent_id
GROUP BY agent.id ORDER BY count(*) DESC, agent.name LIMIT %(rows)s
"""
_BY_TOOL = """
WITH latest AS (
  SELECT id, tool, status, effect, started_at, finished_at FROM agents_toolcall
  WHERE workspace_id = %(workspace)s AND id >= %(first)s AND finished_at IS NOT NULL ORDER BY id DESC LIMIT %(latest)s),
took AS (
  SELECT tool, status, effect, started_at, CASE WHEN started_at IS NOT NULL AND NOT EXISTS (
    SELECT FROM reviews_approvalrequest WHERE tool_call_id = latest.id AND subject_kind = 'in_doubt')
    THEN extract(epoch FROM finished_at - started_at)::float8 END AS seconds
  FROM latest WHERE started_at IS NOT NULL OR effect = 'read')
SELECT tool, count(*), count(*) FILTER (WHERE status = 'failed'), percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds),
  percentile_disc(0.95) WITHIN GROUP (ORDER BY seconds), percentile_disc(0.99) WITHIN GROUP (ORDER BY seconds)
FROM took GROUP BY tool HAVING count(seconds) > 0 OR count(started_at) = 0 ORDER BY count(*) DESC, tool LIMIT %(rows)s
"""
_EDITS = f"""{_REQUESTS}, edited AS (SELECT id FROM latest WHERE revision > 1 LIMIT %(edits)s)
SELECT call.tool, before.args, edit.args FROM edited
JOIN reviews_revision AS edit ON edit.approval_id = edited.id AND edit.number > 1
JOIN reviews_revision AS before ON before.approval_id = edited.id AND before.number = edit.number - 1
JOIN reviews_approvalrequest AS approval ON approval.id = edited.id
JOIN agents_toolcall AS call ON call.id = approval.tool_call_id
WHERE octet_length(edit.args) + octet_length(before.args) < %(readable)s
"""


@dataclass(frozen=True, slots=True)
class Risk:
    """Requests of one risk that are over."""

    risk: str
    ended: int
    decided: int
    expired: int
    rejected: int
    edited: int
    median: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class Reviewer:
    """What one person decided: how much, in how many goes (a batch is one), how many came too soon for reading, and
    how long one takes after the one before."""

    name: str
    decisions: int
    goes: int
    fast: int
    median: float | None


@dataclass(frozen=True, slots=True)
class Task:
    """Runs of one agent that have ended; costs in millionths of a dollar."""

    agent: str
    runs: int
    mean_cost: float
    p95_cost: float
    succeeded: int
    asked: int


@dataclass(frozen=True, slots=True)
class Latency:
    """How long the calls of one tool took, in seconds; of one that only reads no call has its times."""

    tool: str
    calls: int
    failed: int
    median: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True, slots=True)
class Insights:
    """All of it, about what began with `first` or later."""

    risks: list[Risk]
    days: dict[date, dict[str, int]]
    reviewers: list[Reviewer]
    tasks: list[Task]
    tools: list[Latency]
    arguments: list[tuple[str, str, int]]


def insights(workspace_id: int, first: UUID) -> Insights:
    """Six statements; `first` is the least id that counts, which ids of version 7 make a time."""
    values = {"workspace": workspace_id, "first": first, "latest": LATEST, "fast": FAST_SECONDS, "rows": ROWS}
    days: dict[date, dict[str, int]] = {}
    for day, status, count in _rows(_BY_DAY, values):
        days.setdefault(day, {})[status] = count
    return Insights(
        risks=[Risk(*row) for row in _rows(_BY_RISK, values)],
        days=days,
        reviewers=[Reviewer(*row) for row in _rows(_BY_PERSON, values)],
        tasks=[Task(*row) for row in _rows(_BY_AGENT, values)],
        tools=[Latency(*row) for row in _rows(_BY_TOOL, values)],
        arguments=_edited(values | {"edits": EDITS, "readable": READABLE_BYTES}),
    )


def _edited(values: dict[str, Any]) -> list[tuple[str, str, int]]:
    """Which arguments of which tools people change most, and how often."""
    counts: Counter[tuple[str, str]] = Counter()
    for tool, *versions in _rows(_EDITS, values):
        before, after = (loads(bytes(args)) for args in versions)
        counts.update((tool, name) for name in {*before, *after} if before.get(name) != after.get(name))
    return [(tool, name, count) for (tool, name), count in counts.most_common(ROWS)]


def _rows(statement: str, values: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        yield from cursor.fetchall()
