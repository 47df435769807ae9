"""How often each rule has spoken, and which others with it, by the verdicts of the latest calls: bounded work."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

LATEST = 2000  # calls

# Calls about which the same rules spoke are told together: there are few such sets.
_SPOKE = """
WITH latest AS (
  SELECT verdict -> 'rules' AS rules, created_at FROM agents_toolcall WHERE workspace_id = %s ORDER BY id DESC LIMIT %s)
SELECT spoke, count(*), max(created_at) FROM (
  SELECT created_at, (SELECT json_agg(json_build_array(revision_id, rule, result))::text
    FROM jsonb_to_recordset(rules) AS considered(revision_id bigint, rule text, result text)
    WHERE result IN ('matched', 'error')) AS spoke
  FROM latest WHERE jsonb_typeof(rules) = 'array') AS judged
GROUP BY spoke
"""


@dataclass(slots=True)
class Hits:
    """How often a rule spoke about one of the latest calls, when last, and how often it could not be evaluated."""

    count: int = 0
    last_at: datetime | None = None
    errors: int = 0
    others: Counter[str] = field(default_factory=Counter)
    """The rules that spoke about the same calls, and about how many of them."""

    @property
    def overlaps(self) -> list[tuple[str, int]]:
        """The rules that speak with it most often."""
        return self.others.most_common(3)


def of_latest(workspace_id: int) -> dict[tuple[int, str], Hits]:
    """By revision and name of the rule; a rule that is not here has not spoken."""
    found: defaultdict[tuple[int, str], Hits] = defaultdict(Hits)
    with connection.cursor() as cursor:
        cursor.execute(_SPOKE, [workspace_id, LATEST])
        for spoke, count, last_at in cursor.fetchall():
            rules = json.loads(spoke or "[]")
            for revision, name, result in rules:
                hits = found[revision, name]
                hits.count += count
                hits.errors += count if result == "error" else 0
                hits.last_at = max(hits.last_at or last_at, last_at)
                hits.others.update({other: count for at, other, _ in rules if (at, other) != (revision, name)})
    return dict(found)
