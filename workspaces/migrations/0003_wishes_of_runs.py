"""Who cancelled or paused a run, when and why, is one look into an index whatever the audit has grown to."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('workspaces', '0002_stops_by_scope'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='auditentry',
            index=models.Index(condition=models.Q(('kind__in', ['run.cancellation', 'run.pause', 'run.resumption'])), fields=['workspace', 'object', 'id'], name='audit_of_runs'),
        ),
    ]
