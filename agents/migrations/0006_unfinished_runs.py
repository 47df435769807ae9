"""Runs that have not ended are found without their history; built beside writers, hence outside a transaction."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import Q

UNFINISHED = ["queued", "running", "waiting", "paused", "diverged", "poisoned", "unserved"]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("agents", "0005_presence")]

    operations = [
        AddIndexConcurrently(
            "run", models.Index(fields=["status"], name="run_unfinished", condition=Q(status__in=UNFINISHED))
        ),
        AddIndexConcurrently(
            "run", models.Index(fields=["queued_at"], name="run_oldest_queued", condition=Q(status="queued"))
        ),
        RemoveIndexConcurrently("run", "run_active"),
    ]
