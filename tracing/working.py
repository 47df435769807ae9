"""How long runs worked: the time in which a model or a tool of theirs was at it, parallel ones counted once."""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection

WORK = ["model", "tool"]

_WORKED = """
SELECT run_id, (SELECT extract(epoch FROM sum(upper(stretch) - lower(stretch))) FROM unnest(worked) AS stretch)
FROM (
  SELECT run_id, range_agg(tstzrange(started_at, greatest(started_at, finished_at))) AS worked
  FROM tracing_span WHERE run_id = ANY(%s) AND kind = ANY(%s) AND finished_at IS NOT NULL GROUP BY run_id) AS spans
"""


def working_seconds(run_ids: Iterable[UUID]) -> dict[UUID, float]:
    """The seconds of work of each run; a run that has not worked yet is missing."""
    with connection.cursor() as cursor:
        cursor.execute(_WORKED, [list(run_ids), WORK])
        return {run_id: float(seconds or 0) for run_id, seconds in cursor.fetchall()}
