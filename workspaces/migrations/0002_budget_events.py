"""Events about budgets."""

from django.db import migrations, models

SET = """
ALTER TABLE workspaces_event DROP CONSTRAINT event_topic_is_known;
ALTER TABLE workspaces_event ADD CONSTRAINT event_topic_is_known CHECK (topic IN ({}));
"""
BEFORE = "'run', 'approval', 'tool_call', 'configuration'"


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0001_initial")]

    operations = [
        migrations.RunSQL(SET.format(BEFORE + ", 'budget'"), SET.format(BEFORE)),
        migrations.AlterField(
            model_name="event",
            name="topic",
            field=models.TextField(
                choices=[
                    ("run", "Run"),
                    ("approval", "Approval"),
                    ("tool_call", "Tool Call"),
                    ("configuration", "Configuration"),
                    ("budget", "Budget"),
                ]
            ),
        ),
    ]
