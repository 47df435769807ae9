"""Forks: what a run was forked from, at which step, and what becomes of its calls."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agents", "0003_search_by_title_and_tool")]

    operations = [
        migrations.AddField(
            model_name="run",
            name="forked_from",
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="forks", to="agents.run"),
        ),
        migrations.AddField(
            model_name="run",
            name="forked_seq",
            field=models.IntegerField(help_text="The step from which it goes its own way.", null=True),
        ),
        migrations.AddField(
            model_name="run",
            name="fork_mode",
            field=models.CharField(
                choices=[
                    ("live", "calls are made, and every write waits for people"),
                    ("simulated", "nothing is done: simulations and the nearest recorded results answer"),
                    ("recorded", "the fork ends at the first call that no record answers"),
                ],
                db_default="",
                default="",
                help_text="Of forks, and of their child runs.",
                max_length=9,
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="lineage",
            field=models.TextField(help_text="JSON text: see models/line.py.", null=True),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("forked_from__isnull", True), ("forked_seq__isnull", True), ("lineage__isnull", True)),
                    models.Q(
                        ("forked_from__isnull", False),
                        ("forked_seq__gte", 1),
                        ("lineage__isnull", False),
                        models.Q(("fork_mode", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="run_knows_all_or_nothing_of_what_it_was_forked_from",
            ),
        ),
    ]
