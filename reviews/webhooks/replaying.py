"""Sending many deliveries again, and how the endpoints of a workspace have been doing."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from reviews.exceptions import NothingToReplay
from reviews.models.delivery import Delivery
from workspaces import audit
from workspaces.principal import Principal

MOST = 500  # deliveries that one request sends again, so that no receiver is flooded
LATEST = 2000  # deliveries of the workspace that health is told by

_HEALTH = """
WITH latest AS (
  SELECT endpoint_id, status, attempted_at, delivered_at, elapsed_ms FROM reviews_delivery
  WHERE workspace_id = %s ORDER BY id DESC LIMIT %s)
SELECT endpoint_id, count(*) FILTER (WHERE status = 'delivered'), count(*) FILTER (WHERE status IN ('failed', 'dead')),
  count(*) FILTER (WHERE status = 'pending'), max(delivered_at),
  (percentile_disc(0.95) WITHIN GROUP (ORDER BY elapsed_ms))::float8
FROM latest GROUP BY endpoint_id
"""
_DEAD = """
SELECT endpoint.id, (SELECT count(*) FROM (
  SELECT FROM reviews_delivery WHERE endpoint_id = endpoint.id AND status = 'dead' LIMIT 1001) AS counted)
FROM reviews_endpoint AS endpoint WHERE endpoint.workspace_id = %s
"""


@dataclass(frozen=True, slots=True)
class Health:
    """How the latest deliveries to one endpoint went; `dead` counts all that were given up, up to 1,001."""

    delivered: int = 0
    failed: int = 0
    pending: int = 0
    delivered_at: datetime | None = None
    elapsed_ms: float | None = None
    dead: int = 0

    @property
    def failure_share(self) -> float | None:
        """Of what has been attempted and is not under way."""
        ended = self.delivered + self.failed
        return self.failed / ended if ended else None


def health(workspace_id: int) -> dict[UUID, Health]:
    """By endpoint."""
    with connection.cursor() as cursor:
        cursor.execute(_HEALTH, [workspace_id, LATEST])
        latest = {endpoint: row for endpoint, *row in cursor.fetchall()}
        cursor.execute(_DEAD, [workspace_id])
        none = [0, 0, 0, None, None]
        return {endpoint: Health(*[*latest.get(endpoint, none), dead]) for endpoint, dead in cursor.fetchall()}


@transaction.atomic
def replay(chosen: "QuerySet[Delivery]", by: Principal) -> int:
    """Send the oldest MOST of them again, under their own ids; what is on its way or switched off stays as it is."""
    by.require("operate")
    rested = chosen.filter(workspace=by.workspace, endpoint__enabled=True).exclude(status=Delivery.Status.PENDING)
    ids = list(rested.order_by("id").values_list("pk", flat=True)[:MOST])
    again = Delivery.objects.filter(pk__in=ids).exclude(status=Delivery.Status.PENDING)
    count = again.update(status=Delivery.Status.PENDING, next_at=Now(), retries=0, is_replay=True)
    if not count:
        raise NothingToReplay("None of these can be sent again: they are on their way, or their endpoint is off.")
    span = {"count": count, "first": str(ids[0]), "last": str(ids[-1])}
    audit.record(by.workspace.pk, by, "deliveries.replayed", "", span)
    return count
