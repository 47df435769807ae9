"""What people choose for their own pages: keys, notices, what they have dismissed."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("workspaces", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="person",
            name="bare_keys",
            field=models.BooleanField(db_default=True, default=True, editable=False),
        ),
        migrations.AddField(
            model_name="person",
            name="dismissed",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), db_default=[], default=list, editable=False
            ),
        ),
        migrations.AddField(
            model_name="person",
            name="keymap",
            field=models.JSONField(
                db_default={}, default=dict, editable=False, help_text="Own keys by the usual ones."
            ),
        ),
        migrations.AddField(
            model_name="person",
            name="notices",
            field=models.CharField(
                choices=[
                    ("none", "Nothing"),
                    ("high", "Requests of high risk that need me"),
                    ("all", "Every request that needs me"),
                ],
                db_default="none",
                default="none",
                editable=False,
                max_length=4,
            ),
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.CheckConstraint(
                condition=models.Q(("notices__in", ["none", "high", "all"])), name="person_notices_are_known"
            ),
        ),
    ]
