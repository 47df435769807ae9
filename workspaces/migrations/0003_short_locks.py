"""Who makes or drops a day of events waits a tenth of a second for its lock: every writer of events waits behind it."""

from django.db import migrations

FUNCTIONS = ("countersign_ensure_event_partitions(integer)", "countersign_drop_event_partitions(integer)")


def waiting(seconds: str) -> str:
    return "".join(f"ALTER FUNCTION {function} SET lock_timeout = '{seconds}';" for function in FUNCTIONS)


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0002_budget_events")]
    operations = [migrations.RunSQL(waiting("100ms"), waiting("2s"))]
