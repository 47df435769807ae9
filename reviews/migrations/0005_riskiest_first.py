"""Where time does not press, the queue shows high risk first: of all open requests, not of one page."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("reviews", "0004_mentions")]

    operations = [
        AddIndexConcurrently(
            model_name="approvalrequest",
            index=models.Index(
                fields=["workspace", "deadline_at", "id"],
                name="approval_riskiest",
                condition=models.Q(("risk", "high"), ("status", "pending")),
            ),
        ),
    ]
