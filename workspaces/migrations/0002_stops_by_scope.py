"""Who stopped what, and when, is one look into an index whatever the audit has grown to."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('workspaces', '0001_initial'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='auditentry',
            index=models.Index(condition=models.Q(('kind', 'switch.stopped')), fields=['workspace', 'object', '-id'], name='audit_of_stops'),
        ),
    ]
