"""How all agents of a workspace have done of late, in one look: their last runs, what people said, what it cost."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from django.db import connection

from agents.models import RunStatus
from agents.models.run_status import ENDED
from console.agent_record import RUNS, Share
from workspaces.models import Workspace

_LATELY = """
WITH lately AS MATERIALIZED (
  SELECT agent.id AS agent, run.id, run.status, run.cost FROM agents_agent AS agent
  CROSS JOIN LATERAL (
    SELECT id, status, cost FROM agents_run WHERE agent_id = agent.id ORDER BY id DESC LIMIT %s) AS run
  WHERE agent.workspace_id = %s)
SELECT agent, 'runs', status, count(*), sum(cost)::bigint FROM lately GROUP BY agent, status
UNION ALL
SELECT lately.agent, 'asked', asked.status, count(*), 0 FROM lately
JOIN reviews_approvalrequest AS asked ON asked.run_id = lately.id GROUP BY lately.agent, asked.status
"""


@dataclass
class Lately:
    """The last 200 runs of an agent, and what they asked people."""

    runs: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    cost: int = 0

    @property
    def run_count(self) -> int:
        """How many runs these are."""
        return self.runs.total()

    @property
    def asked_count(self) -> int:
        """How often people were asked."""
        return self.asked.total()

    @property
    def is_more(self) -> bool:
        """Whether it may have had more runs."""
        return self.run_count >= RUNS

    @property
    def cost_each(self) -> int:
        """Of a run, in millionths of a dollar."""
        return self.cost // max(self.run_count, 1)

    @property
    def succeeded(self) -> Share:
        """Of those that have ended."""
        return Share("succeeded", self.runs[RunStatus.SUCCEEDED], sum(self.runs[status] for status in ENDED))

    @property
    def approved(self) -> Share:
        """Of the requests that somebody, or the clock, has decided."""
        over = ("approved", "rejected", "answered", "expired")
        return Share("approved", self.asked["approved"], sum(self.asked[status] for status in over))

    @property
    def still_open(self) -> int:
        """Requests that nobody has decided yet."""
        return self.asked["pending"]


def lately(workspace: Workspace) -> dict[int, Lately]:
    """By agent; whatever their pasts, reading it costs the same."""
    found: dict[int, Lately] = defaultdict(Lately)
    with connection.cursor() as cursor:
        cursor.execute(_LATELY, [RUNS, workspace.pk])
        for agent, what, status, count, cost in cursor.fetchall():
            getattr(found[agent], what)[status] += count
            found[agent].cost += cost
    return found
