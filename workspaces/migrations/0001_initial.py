from pathlib import Path

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import workspaces.models.xid8
import workspaces.names
from django.conf import settings
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models
from pgvector.django import VectorExtension


def run_sql(name: str, reverse: str) -> migrations.RunSQL:
    """The statements in sql/`name`.sql."""
    return migrations.RunSQL((Path(__file__).parent / "sql" / f"{name}.sql").read_text(), reverse)


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        VectorExtension(),
        TrigramExtension(),
        migrations.CreateModel(
            name='Workspace',
            fields=[
                ('id', models.AutoField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=150, validators=[workspaces.names.check_name])),
                ('slug', models.SlugField(max_length=60, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Person',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('username', models.CharField(max_length=150, unique=True, validators=[django.core.validators.RegexValidator('\\A[a-z0-9][a-z0-9._@+-]*\\Z', 'Use small letters, digits and . _ @ + - only.')], verbose_name='login name')),
                ('name', models.CharField(max_length=150, validators=[workspaces.names.check_name])),
                ('email', models.EmailField(blank=True, max_length=254)),
                ('is_staff', models.BooleanField(default=False, verbose_name='may open the admin site')),
                ('is_active', models.BooleanField(default=True)),
                ('joined_at', models.DateTimeField(auto_now_add=True)),
                ('bare_keys', models.BooleanField(db_default=True, default=True, editable=False)),
                ('keymap', models.JSONField(db_default={}, default=dict, editable=False, help_text='Own keys by the usual ones.')),
                ('notices', models.CharField(choices=[('none', 'Nothing'), ('high', 'Requests of high risk that need me'), ('all', 'Every request that needs me')], db_default='none', default='none', editable=False, max_length=4)),
                ('dismissed', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), db_default=[], default=list, editable=False)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name_plural': 'people',
                'constraints': [models.CheckConstraint(condition=models.Q(('notices__in', ['none', 'high', 'all'])), name='person_notices_are_known')],
            },
        ),
        migrations.CreateModel(
            name='Switch',
            fields=[
                ('workspace', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='switch', serialize=False, to='workspaces.workspace')),
                ('stopped', models.BooleanField(db_default=False, default=False)),
                ('stopped_agents', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), blank=True, db_default=[], default=list)),
                ('stopped_tools', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), blank=True, db_default=[], default=list)),
                ('rules_epoch', models.IntegerField(db_default=0, default=0)),
                ('reason', models.TextField(blank=True, db_default='', default='')),
            ],
            options={
                'verbose_name_plural': 'switches',
            },
        ),
        migrations.CreateModel(
            name='Group',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, validators=[workspaces.names.check_name])),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='groups', to='workspaces.workspace')),
            ],
            options={
                'verbose_name': 'review group',
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'name'), name='group_name_is_unique')],
            },
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                run_sql(
                    "events",
                    "DROP TABLE workspaces_event; DROP FUNCTION countersign_ensure_event_partitions, countersign_drop_event_partitions",
                )
            ],
            state_operations=[
                migrations.CreateModel(
                    name='Event',
                    fields=[
                        ('pk', models.CompositePrimaryKey('xid', 'seq', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('xid', workspaces.models.xid8.Xid8Field(db_default=models.Func(function='pg_current_xact_id'))),
                        ('seq', models.BigIntegerField()),
                        ('topic', models.TextField(choices=[('run', 'Run'), ('approval', 'Approval'), ('tool_call', 'Tool Call'), ('configuration', 'Configuration'), ('budget', 'Budget')])),
                        ('kind', models.TextField()),
                        ('object', models.UUIDField(null=True)),
                        ('number', models.IntegerField(null=True)),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                        ('announced_at', models.DateTimeField(null=True)),
                        ('workspace', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='workspaces.workspace')),
                    ],
                ),
            ],
        ),
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('actor', models.TextField(help_text="Who, as it was then: a name, or 'system'")),
                ('person_id', models.BigIntegerField(null=True)),
                ('token_id', models.BigIntegerField(null=True)),
                ('channel', models.TextField(blank=True)),
                ('kind', models.TextField()),
                ('object', models.TextField(blank=True)),
                ('detail', models.TextField(default='{}', help_text='Canonical JSON')),
                ('chain_seq', models.BigIntegerField(editable=False, null=True)),
                ('hash', models.BinaryField(null=True)),
                ('signature', models.BinaryField(null=True)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='audit_entries', to='workspaces.workspace')),
            ],
            options={
                'verbose_name_plural': 'audit entries',
                'indexes': [models.Index(fields=['workspace', '-id'], name='audit_of_workspace'), models.Index(condition=models.Q(('chain_seq', None)), fields=['workspace', 'id'], name='audit_unchained')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'chain_seq'), name='audit_chain_has_one_row_a_number'), models.CheckConstraint(condition=models.Q(models.Q(('chain_seq__isnull', True), ('hash__isnull', True), ('signature__isnull', True)), models.Q(('chain_seq__gte', 1), ('hash__isnull', False)), _connector='OR'), name='audit_entry_is_chained_whole_or_not_at_all')],
            },
        ),
        migrations.CreateModel(
            name='Token',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.TextField(choices=[('service', 'Service'), ('personal', 'Personal')])),
                ('name', models.CharField(max_length=100, validators=[workspaces.names.check_name])),
                ('prefix', models.CharField(max_length=10, unique=True)),
                ('secret_hash', models.BinaryField(max_length=32)),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(choices=[('runs:read', 'Runs Read'), ('runs:write', 'Runs Write'), ('approvals:read', 'Approvals Read'), ('approvals:decide', 'Approvals Decide'), ('config:read', 'Config Read'), ('traces:write', 'Traces Write')]), default=list)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('last_used_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('person', models.ForeignKey(help_text='Owner, or creator of a key', on_delete=django.db.models.deletion.PROTECT, related_name='tokens', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tokens', to='workspaces.workspace')),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['service', 'personal'])), name='token_kind_is_known'), models.CheckConstraint(condition=models.Q(('scopes__contained_by', ['runs:read', 'runs:write', 'approvals:read', 'approvals:decide', 'config:read', 'traces:write'])), name='token_scopes_are_known'), models.CheckConstraint(condition=models.Q(('kind', 'personal'), models.Q(('scopes__contains', ['approvals:decide']), _negated=True), _connector='OR'), name='service_keys_never_vote', violation_error_message='A service key never votes: approvals:decide is for personal tokens.')],
            },
        ),
        migrations.CreateModel(
            name='SignInLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.TextField(choices=[('person', 'Person'), ('first_admin', 'First Admin')])),
                ('secret_hash', models.BinaryField(max_length=32, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(blank=True, null=True)),
                ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='sign_in_links', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('person__isnull', False), ('purpose', 'person')), models.Q(('person__isnull', True), ('purpose', 'first_admin')), _connector='OR'), name='sign_in_link_is_for_a_person_or_the_first_admin')],
            },
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('page', models.CharField(max_length=30)),
                ('name', models.CharField(max_length=60, validators=[workspaces.names.check_name])),
                ('query', models.CharField(blank=True, max_length=2000)),
                ('is_shared', models.BooleanField(default=False, help_text='Whether everybody in the workspace sees it.')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'ordering': ['name', 'pk'],
                'indexes': [models.Index(fields=['workspace', 'page'], name='saved_view_of_page')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'person', 'page', 'name'), name='saved_view_name_is_unique')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('roles', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(choices=[('viewer', 'Viewer'), ('operator', 'Operator'), ('approver', 'Approver'), ('engineer', 'Engineer'), ('admin', 'Admin')]), default=list)),
                ('groups', models.ManyToManyField(blank=True, related_name='memberships', to='workspaces.group')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='workspaces.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'person'), name='member_once_a_workspace'), models.CheckConstraint(condition=models.Q(('roles__contained_by', ['viewer', 'operator', 'approver', 'engineer', 'admin'])), name='membership_roles_are_known')],
            },
        ),
        migrations.CreateModel(
            name='IdempotentRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('principal', models.TextField()),
                ('key', models.TextField()),
                ('request', models.TextField(help_text='Method and path')),
                ('body_digest', models.BinaryField(max_length=32)),
                ('status', models.SmallIntegerField(null=True)),
                ('response', models.BinaryField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'indexes': [models.Index(fields=['created_at'], name='idempotent_request_purge')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'principal', 'key'), name='idempotency_key_is_used_once')],
            },
        ),
        run_sql(
            "audit_guard",
            "DROP TRIGGER audit_only_grows ON workspaces_auditentry; DROP TRIGGER audit_is_never_truncated ON workspaces_auditentry; DROP FUNCTION countersign_guard_audit",
        ),
        run_sql("grants", migrations.RunSQL.noop),
    ]
