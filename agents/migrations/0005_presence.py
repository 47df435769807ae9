"""Heartbeats of processes, and since when a run is queued: `now()` wherever its status becomes queued."""

import django.contrib.postgres.fields
from django.db import migrations, models
from django.db.models.functions import Now

from agents.models.run_status import RUN_MOVES
from workspaces.moves import guard, unguard

KEEP_QUEUED_AT = """
CREATE FUNCTION agents_run_queued() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.queued_at := now();
  RETURN NEW;
END $$;
CREATE TRIGGER agents_run_queued BEFORE UPDATE OF status ON agents_run
FOR EACH ROW WHEN (NEW.status = 'queued' AND OLD.status <> 'queued') EXECUTE FUNCTION agents_run_queued();
"""
FORGET_QUEUED_AT = "DROP TRIGGER agents_run_queued ON agents_run; DROP FUNCTION agents_run_queued();"


class Migration(migrations.Migration):
    dependencies = [("agents", "0004_pause_and_lineage")]

    operations = [
        migrations.CreateModel(
            name="Presence",
            fields=[
                ("name", models.TextField(help_text="Host and process id; `Run.owner` is the same.", primary_key=True, serialize=False)),
                ("program", models.TextField(choices=[("web", "Web"), ("worker", "Worker"), ("sweep", "Sweep")])),
                ("host", models.TextField()),
                ("served", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, help_text="Flows that it can advance, as name:revision.", size=None)),
                ("counts", models.JSONField(default=dict, help_text="What it counted since it began.")),
                ("started_at", models.DateTimeField(db_default=Now())),
                ("beat_at", models.DateTimeField(db_default=Now())),
            ],
        ),
        migrations.AddField(
            model_name="run",
            name="queued_at",
            field=models.DateTimeField(db_default=Now(), editable=False, help_text="A trigger keeps it (migrations/0005)."),
        ),
        migrations.RunSQL(KEEP_QUEUED_AT, FORGET_QUEUED_AT),
        migrations.RunSQL(unguard("agents_run") + guard("agents_run", RUN_MOVES), migrations.RunSQL.noop),
    ]
