"""How long deliveries are kept."""

from datetime import timedelta

import pytest
from django.utils.timezone import now
from pytest_django import Settings

from reviews.models import Delivery
from reviews.webhooks.retention import KEEP, purge_deliveries
from tests.factories import House
from tests.reviews.webhooks import registered

pytestmark = pytest.mark.django_db


def test_old_deliveries_are_forgotten_once_they_are_over(house: House, settings: Settings) -> None:
    settings.OUTBOUND_ALLOWED = ["127.0.0.1:9"]
    endpoint, _ = registered(house.workspace, "http://127.0.0.1:9/")
    old, new = now() - KEEP - timedelta(hours=1), now()
    for status, created_at in [("delivered", old), ("dead", old), ("failed", old), ("delivered", new), ("dead", new)]:
        made = Delivery.objects.create(
            workspace=house.workspace, endpoint=endpoint, kind="run.failed", body=b"{}", status=status,
            next_at=new if status == "failed" else None,
        )  # fmt: skip
        Delivery.objects.filter(pk=made.pk).update(created_at=created_at)

    assert purge_deliveries() == 2
    assert sorted(Delivery.objects.values_list("status", flat=True)) == ["dead", "delivered", "failed"]
