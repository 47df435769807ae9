import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('workspaces', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Span',
            fields=[
                ('pk', models.CompositePrimaryKey('workspace', 'trace_id', 'span_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('started_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('trace_id', models.UUIDField()),
                ('span_id', models.BigIntegerField()),
                ('parent_id', models.BigIntegerField(null=True)),
                ('run_id', models.UUIDField(help_text='A plain id: the trace knows no runs', null=True)),
                ('tokens', models.IntegerField(db_default=0, default=0)),
                ('status', models.SmallIntegerField(choices=[(0, 'Unset'), (1, 'Ok'), (2, 'Error')], db_default=0, default=0)),
                ('kind', models.TextField()),
                ('name', models.TextField()),
                ('workspace', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'ordering': ['started_at', 'span_id'],
                'indexes': [models.Index(condition=models.Q(('run_id__isnull', False)), fields=['run_id'], name='span_of_run')],
            },
        ),
    ]
