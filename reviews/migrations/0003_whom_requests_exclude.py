"""The open requests that exclude a person are found without reading all open ones."""

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("reviews", "0002_guards")]

    operations = [
        migrations.AddIndex(
            "approvalrequest",
            GinIndex(fields=["excluded"], condition=Q(status="pending"), name="approval_excluding"),
        ),
    ]
