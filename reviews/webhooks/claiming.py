"""Which delivery is sent next, by whom, and what came of it: the part that the database decides."""

from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Now
from django.utils.timezone import now

from reviews.models import ApprovalRequest
from reviews.models.delivery import Delivery
from reviews.models.endpoint import Endpoint, WebhookKind
from reviews.webhooks.schedule import GONE, Answer, outcome

AT_ONCE_EACH = 4  # attempts under way to one endpoint, in all processes together
LEASE_SECONDS = 60  # far longer than an attempt takes; after a crash another process takes over

# The endpoints' rows are locked by the caller: so what is under way is counted as it is, and nobody else claims here.
_CLAIM = """
UPDATE reviews_delivery AS delivery SET status = 'pending', attempts = attempts + 1,
  attempted_at = statement_timestamp(), next_at = statement_timestamp() + %(lease)s::int * interval '1 s'
FROM (
  SELECT due.id FROM unnest(%(endpoints)s::uuid[]) AS endpoint (id)
  CROSS JOIN LATERAL (
    SELECT id, next_at FROM reviews_delivery
    WHERE endpoint_id = endpoint.id AND status IN ('pending', 'failed') AND next_at <= statement_timestamp()
    ORDER BY next_at, id
    LIMIT (SELECT greatest(0, %(each)s::int - count(*)) FROM reviews_delivery
      WHERE endpoint_id = endpoint.id AND status = 'pending' AND next_at > statement_timestamp())) AS due
  ORDER BY due.next_at, due.id LIMIT %(room)s::int) AS chosen
WHERE delivery.id = chosen.id AND delivery.status IN ('pending', 'failed') AND delivery.next_at <= statement_timestamp()
RETURNING delivery.id
"""


def claim(room: int) -> list[Delivery]:
    """Up to `room` deliveries that are due, ours until their lease is over; each knows its attempt and endpoint."""
    with transaction.atomic():
        due = Delivery.objects.filter(endpoint=OuterRef("pk"), status__in=["pending", "failed"], next_at__lte=Now())
        waiting = Endpoint.objects.filter(Exists(due), enabled=True).order_by()
        endpoints = list(waiting.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True))
        claimed = _claimed(endpoints, room) if endpoints else []
    return list(Delivery.objects.filter(pk__in=claimed).select_related("endpoint"))


@transaction.atomic
def settle(delivery: Delivery, answer: Answer) -> bool:
    """Write what came of the attempt; False if another attempt has begun meanwhile, and has the say now."""
    to, elapsed_ms = outcome(answer, delivery.retries, now()), round(answer.elapsed * 1000)
    ours = Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts, status="pending")
    written = ours.update(
        status=to.status,
        next_at=Now() + timedelta(seconds=to.pause_seconds) if to.is_open else None,
        retries=F("retries") + (1 if to.is_open else 0),
        delivered_at=Now() if answer.is_success else None,
        response_status=answer.status,
        error=answer.reason,
        elapsed_ms=elapsed_ms,
        response=answer.body,
        history=delivery.history_with(answer.status, answer.reason, elapsed_ms),
    )
    if answer.status == GONE:
        delivery.endpoint.disable("The receiver answered 410: it is gone for good.")
    return bool(written)


def _claimed(endpoints: list[UUID], room: int) -> list[UUID]:
    _bury_superseded(endpoints)
    values = {"lease": LEASE_SECONDS, "endpoints": endpoints, "each": AT_ONCE_EACH, "room": room}
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, values)  # type: ignore[arg-type]
        return [found for (found,) in cursor.fetchall()]


def _bury_superseded(endpoints: list[UUID]) -> None:
    """Nobody needs to hear again that an approval was asked for once it is closed: the event of its end tells."""
    still_open = ApprovalRequest.objects.pending().filter(pk=OuterRef("object"))
    again = Delivery.objects.filter(
        endpoint__in=endpoints, status="failed", kind=WebhookKind.APPROVAL_REQUESTED, next_at__lte=Now()
    )
    again.filter(~Exists(still_open)).update(status="dead", next_at=None, error="superseded")
