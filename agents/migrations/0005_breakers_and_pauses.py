"""Breakers of tools; whose pause a run is in, and how long it has been in pauses."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agents", "0004_forks"), ("workspaces", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="run",
            name="pause_of",
            field=models.UUIDField(help_text="The run that was paused: this one, or one above it.", null=True),
        ),
        migrations.AddField(
            model_name="run",
            name="paused_seconds",
            field=models.FloatField(db_default=0.0, default=0, help_text="In pauses that are over."),
        ),
        migrations.CreateModel(
            name="Breaker",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("tool", models.TextField()),
                ("failures", models.IntegerField(default=1)),
                ("last_error", models.TextField(default="")),
                ("failed_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("open_until", models.DateTimeField(null=True)),
                (
                    "workspace",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("workspace", "tool"), name="breaker_is_one_a_tool")],
            },
        ),
    ]
