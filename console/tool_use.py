"""How tools have been used of late: their last 200 calls each, read by an index whatever came before."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from workspaces.models import Workspace

CALLS = 200

_USED = """
SELECT tool.name, count(call.*), count(*) FILTER (WHERE call.status IN ('failed', 'in_doubt')),
  count(*) FILTER (WHERE call.status = 'rejected'), count(*) FILTER (WHERE call.status = 'denied'),
  count(*) FILTER (WHERE call.status = 'expired'),
  max(call.created_at),
  percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds), percentile_disc(0.95) WITHIN GROUP (ORDER BY seconds)
FROM unnest(%s::text[]) AS tool (name) LEFT JOIN LATERAL (
  SELECT status, created_at, CASE WHEN NOT EXISTS (
    SELECT FROM reviews_approvalrequest WHERE tool_call_id = agents_toolcall.id AND subject_kind = 'in_doubt')
    THEN extract(epoch FROM finished_at - started_at) END AS seconds FROM agents_toolcall
  WHERE workspace_id = %s AND agents_toolcall.tool = tool.name ORDER BY id DESC LIMIT %s) AS call ON true
GROUP BY tool.name
"""


@dataclass(frozen=True, slots=True)
class Use:
    """The figures of one tool; `seconds` are the median and 95 of 100, of calls whose start was written
    and whose end the tool told, not a person."""

    calls: int = 0
    failed: int = 0
    rejected: int = 0
    denied: int = 0
    expired: int = 0
    last_at: datetime | None = None
    median: float | None = None
    slow: float | None = None

    @property
    def troubles(self) -> str:
        """How many did not go well, and how: people reject, rules deny, and the clock lets expire."""
        kinds = ("failed", "rejected", "denied", "expired")
        return ", ".join(f"{count} {kind}" for kind in kinds if (count := getattr(self, kind)))

    @property
    def is_more(self) -> bool:
        """Whether there were more calls than are counted."""
        return self.calls == CALLS


def of_tools(workspace: Workspace, names: Iterable[str]) -> dict[str, Use]:
    """The use of each tool."""
    with connection.cursor() as cursor:
        cursor.execute(_USED, [list(names), workspace.pk, CALLS])
        return {name: Use(*figures) for name, *figures in cursor.fetchall()}
