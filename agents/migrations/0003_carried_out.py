"""Which calls were carried out with the same arguments is asked of every proposal that goes before people."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("agents", "0002_guards")]

    operations = [
        AddIndexConcurrently(
            model_name="toolcall",
            index=models.Index(
                fields=["workspace", "digest"],
                name="tool_call_carried_out",
                condition=models.Q(("status", "succeeded"), models.Q(("effect", "read"), _negated=True)),
            ),
        ),
    ]
