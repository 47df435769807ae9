"""Deliveries that are over are kept for a while, to be looked at and replayed; then they are forgotten."""

from datetime import timedelta

from django.db.models.functions import Now

from reviews.models import Delivery
from workspaces.upkeep import Upkeep

KEEP = timedelta(days=30)


def purge_deliveries() -> int:
    """Forget what was delivered, or given up, and is older than that."""
    over = Delivery.objects.filter(status__in=[Delivery.Status.DELIVERED, Delivery.Status.DEAD])
    return over.filter(created_at__lt=Now() - KEEP).delete()[0]


retain = Upkeep(purge_deliveries)
