"""Budgets that count runs, of a day or a month."""

from django.db import migrations, models
from django.db.models import Q

UNITS = [
    ("tokens", "tokens"),
    ("cost", "US dollars"),
    ("tool_calls", "tool calls"),
    ("steps", "steps"),
    ("seconds", "seconds of calls"),
    ("runs", "runs"),
]


class Migration(migrations.Migration):
    dependencies = [("agents", "0005_breakers_and_pauses"), ("workspaces", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="budget", name="unit", field=models.CharField(choices=UNITS, max_length=10)
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=~Q(unit="runs") | Q(on_hard="end") & ~Q(period="run"),
                name="budget_of_runs_is_of_a_term_and_ends",
            ),
        ),
    ]
