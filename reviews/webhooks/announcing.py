"""From events to deliveries: rows that nobody announced yet, taken by any number of sweeps side by side."""

from collections.abc import Collection, Iterator

from django.db import connection, transaction

from reviews.models.delivery import Delivery
from reviews.models.endpoint import Endpoint, WebhookKind
from reviews.webhooks.body import Happening, Subjects

AT_ONCE = 500
BATCHES = 10

# Not by the horizon of transactions: what commits late is still unannounced. Every event is marked, wanted or not,
# because only days that are announced in full are dropped.
_TAKE = """
UPDATE workspaces_event AS event SET announced_at = statement_timestamp() FROM (
  SELECT workspace_id, xid, seq, created_at FROM workspaces_event WHERE announced_at IS NULL
  ORDER BY xid, seq LIMIT %s FOR UPDATE SKIP LOCKED) AS next
WHERE (event.workspace_id, event.xid, event.seq, event.created_at)
  = (next.workspace_id, next.xid, next.seq, next.created_at)
RETURNING event.workspace_id, event.seq, event.topic, event.kind, event.object, event.number,
  event.created_at
"""


def announce() -> None:
    """Make the deliveries of what has happened; a duty of the sweep."""
    for _ in range(BATCHES):
        if _announce_some() < AT_ONCE:
            return


@transaction.atomic
def _announce_some() -> int:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [AT_ONCE])
        taken = [Happening(*row) for row in cursor.fetchall()]
    wanted = [one for one in taken if one.kind in WebhookKind.values]
    if wanted:
        Delivery.objects.bulk_create(_deliveries(wanted))
    return len(taken)


def _deliveries(happenings: Collection[Happening]) -> Iterator[Delivery]:
    """In the order of the events; none where no endpoint asks."""
    endpoints = list(Endpoint.objects.filter(enabled=True, workspace__in={one.workspace_id for one in happenings}))
    asked = [
        (one, endpoint)
        for one in sorted(happenings, key=lambda one: one.seq)
        for endpoint in endpoints
        if endpoint.workspace_id == one.workspace_id and one.kind in endpoint.kinds
    ]
    subjects = Subjects([one for one, _ in asked])
    for one, endpoint in asked:
        body = subjects.body(one, with_arguments=endpoint.include_arguments)
        if body is not None:
            yield _delivery(one, endpoint, body)


def _delivery(happening: Happening, endpoint: Endpoint, body: bytes) -> Delivery:
    return Delivery(
        workspace_id=happening.workspace_id,
        endpoint=endpoint,
        kind=happening.kind,
        object=happening.object,
        event_seq=happening.seq,
        body=body,
    )
