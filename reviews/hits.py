"""How often each rule has spoken, by the verdicts of the latest calls: the cost does not grow with history."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

LATEST = 2000  # calls

_HITS = """
WITH latest AS (
  SELECT verdict, created_at FROM agents_toolcall WHERE workspace_id = %s ORDER BY id DESC LIMIT %s)
SELECT (rule ->> 'revision_id')::bigint, rule ->> 'rule', count(*), max(created_at),
  count(*) FILTER (WHERE rule ->> 'result' = 'error')
FROM latest CROSS JOIN LATERAL jsonb_array_elements(
  CASE jsonb_typeof(verdict -> 'rules') WHEN 'array' THEN verdict -> 'rules' ELSE '[]' END) AS rule
WHERE rule ->> 'result' IN ('matched', 'error') GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Hits:
    """How often a rule spoke about one of the latest calls, when last, and how often it could not be evaluated."""

    count: int
    last_at: datetime
    errors: int


def of_latest(workspace_id: int) -> dict[tuple[int, str], Hits]:
    """By revision and name of the rule; a rule that is not here has not spoken."""
    with connection.cursor() as cursor:
        cursor.execute(_HITS, [workspace_id, LATEST])
        return {(revision, name): Hits(*rest) for revision, name, *rest in cursor.fetchall()}
