"""A run that asks for more than people can look at is paused: who has to decide a hundred things decides none well."""

from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Count
from django.db.models.functions import Now

from agents.exceptions import IllegalMove
from agents.models import Run
from reviews.models import ApprovalRequest


def restrain(call_ids: Collection[UUID]) -> None:
    """Pause the runs of these calls that opened too many requests within a minute; in the opening's transaction."""
    runs = Run.objects.filter(tool_calls__in=call_ids, pause_requested_at=None).values("pk")
    recent = ApprovalRequest.objects.filter(run__in=runs, created_at__gt=Now() - timedelta(minutes=1))
    counts = recent.order_by().values("run").annotate(count=Count("pk"))
    for found in counts.filter(count__gt=settings.MAX_REQUESTS_A_MINUTE):
        reason = f"It asked people {found['count']} times within a minute. Look why before it goes on."
        with suppress(IllegalMove):  # it is being cancelled
            Run.objects.get(pk=found["run"]).pause(reason=reason, by=None)
