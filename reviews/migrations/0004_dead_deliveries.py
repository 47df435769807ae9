"""Dead deliveries are counted without those that were delivered; built beside writers."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("reviews", "0003_webhooks")]

    operations = [
        AddIndexConcurrently(
            "delivery", models.Index(fields=["endpoint"], condition=Q(status="dead"), name="delivery_dead")
        ),
    ]
