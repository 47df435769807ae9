import agents.models.uuid7
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import reviews.models.policy
import uuid
import workspaces.names
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('agents', '0001_initial'),
        ('workspaces', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ApprovalRequest',
            fields=[
                ('id', models.UUIDField(db_default=agents.models.uuid7.UUID7(), editable=False, primary_key=True, serialize=False)),
                ('subject_kind', models.CharField(choices=[('tool_call', 'Tool Call'), ('question', 'Question'), ('in_doubt', 'In Doubt'), ('budget', 'Budget')], max_length=9)),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('approved', 'Approved'), ('rejected', 'Rejected'), ('answered', 'Answered'), ('expired', 'Expired'), ('withdrawn', 'Withdrawn')], db_default='pending', default='pending', max_length=9)),
                ('title', models.TextField()),
                ('revision', models.PositiveSmallIntegerField(default=1)),
                ('digest', models.BinaryField(max_length=32)),
                ('seats', models.JSONField(help_text='[{count, group}], as the rules asked when this was opened or last edited.')),
                ('excluded', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, help_text='People who may not decide this.')),
                ('channels', django.contrib.postgres.fields.ArrayField(base_field=models.TextField())),
                ('edit_allowed', models.BooleanField()),
                ('undo_seconds', models.PositiveSmallIntegerField()),
                ('risk', models.CharField(max_length=6)),
                ('deadline_at', models.DateTimeField()),
                ('on_expiry', models.CharField(max_length=12)),
                ('on_expiry_text', models.TextField(default='')),
                ('explanation', models.JSONField(help_text='The verdict: every rule considered, with values and result.')),
                ('policy_revisions', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, help_text='Those whose rules were considered.')),
                ('requirement_digest', models.BinaryField(help_text='What an approval of this is good for.', max_length=32)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('decided_at', models.DateTimeField(null=True)),
                ('effective_at', models.DateTimeField(help_text='Until then a decision can be undone.', null=True)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='approvals', to='agents.run')),
                ('tool_call', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='approvals', to='agents.toolcall')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('status', 'pending')), fields=['workspace', 'deadline_at', 'id'], name='approval_most_urgent'), models.Index(condition=models.Q(('status', 'pending'), models.Q(('on_expiry', 'keep_waiting'), _negated=True)), fields=['deadline_at'], name='approval_overdue'), django.contrib.postgres.indexes.GinIndex(condition=models.Q(('status', 'pending')), fields=['excluded'], name='approval_excluding'), models.Index(fields=['workspace', 'status', '-id'], name='approval_newest_by_status'), models.Index(fields=['workspace', '-id'], name='approval_newest'), models.Index(condition=models.Q(('decided_at__isnull', False)), fields=['workspace', '-decided_at', '-id'], name='approval_lately_decided'), django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('title'), name='gin_trgm_ops'), name='approval_by_title'), django.contrib.postgres.indexes.GinIndex(models.Func(models.F('explanation'), output_field=models.JSONField(), template='jsonb_path_query_array(%(expressions)s, \'$.rules[*] ? (@.result == "matched").rule\')'), name='approval_by_rule')],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['pending', 'approved', 'rejected', 'answered', 'expired', 'withdrawn'])), name='approval_status_is_known'), models.CheckConstraint(condition=models.Q(('subject_kind__in', ['tool_call', 'question', 'in_doubt', 'budget'])), name='approval_subject_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('effective_at', None), ('status', 'pending')), models.Q(models.Q(('status', 'pending'), _negated=True), ('decided_at__isnull', False)), _connector='OR'), name='approval_has_a_time_of_decision_once_decided'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'approved'), _negated=True), ('subject_kind__in', ['tool_call', 'budget']), _connector='OR'), name='only_a_tool_call_or_a_budget_is_approved'), models.UniqueConstraint(condition=models.Q(('status', 'pending')), fields=('tool_call',), name='a_call_has_one_open_approval')],
            },
        ),
        migrations.CreateModel(
            name='Comment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('approval', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='comments', to='reviews.approvalrequest')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('token', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workspaces.token')),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='comment_says_something')],
            },
        ),
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('n', models.PositiveSmallIntegerField()),
                ('kind', models.CharField(choices=[('approve', 'Approve'), ('edit', 'Edit'), ('reject', 'Reject'), ('respond', 'Respond'), ('happened', 'Happened'), ('did_not_happen', 'Did Not Happen'), ('retry', 'Retry')], max_length=14)),
                ('channel', models.CharField(max_length=8)),
                ('revision', models.PositiveSmallIntegerField()),
                ('digest', models.BinaryField(max_length=32)),
                ('seat', models.PositiveSmallIntegerField(help_text='The place that an approve fills, counted from 0.', null=True)),
                ('reason', models.TextField(default='')),
                ('text', models.TextField(default='', help_text='The answer of respond, or the result of happened as JSON text.')),
                ('args_after', models.BinaryField(help_text='The arguments that an edit made.', null=True)),
                ('then', models.CharField(choices=[('', 'the agent goes on without it'), ('retry', 'the agent may try again, differently'), ('stop', 'the run is stopped')], db_default='', default='', help_text='What follows a rejection.', max_length=5)),
                ('batch', models.UUIDField(help_text='Shared by the decisions that were made together.', null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('undone_at', models.DateTimeField(null=True)),
                ('approval', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='reviews.approvalrequest')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('token', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workspaces.token')),
            ],
            options={
                'ordering': ['n'],
                'constraints': [models.UniqueConstraint(fields=('approval', 'n'), name='decision_number_is_unique'), models.UniqueConstraint(condition=models.Q(('kind', 'approve'), ('undone_at', None)), fields=('approval', 'revision', 'person'), name='one_person_fills_one_seat'), models.UniqueConstraint(condition=models.Q(('kind', 'approve'), ('undone_at', None)), fields=('approval', 'revision', 'seat'), name='one_seat_is_filled_once'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'approve'), ('seat__isnull', False)), models.Q(models.Q(('kind', 'approve'), _negated=True), ('seat', None)), _connector='OR'), name='only_an_approve_fills_a_seat'), models.CheckConstraint(condition=models.Q(('kind', 'reject'), ('reason', ''), _negated=True), name='reject_has_a_reason'), models.CheckConstraint(condition=models.Q(('then', ''), models.Q(('kind', 'reject'), ('then__in', ['retry', 'stop'])), _connector='OR'), name='only_a_rejection_goes_on')],
            },
        ),
        migrations.CreateModel(
            name='Endpoint',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('url', models.CharField(help_text='https://…', max_length=2000, verbose_name='address')),
                ('kinds', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(choices=[('approval.requested', 'approval.requested: a call waits for people'), ('approval.decided', 'approval.decided: people have decided'), ('approval.expired', 'approval.expired: nobody decided in time'), ('tool_call.in_doubt', 'tool_call.in_doubt: nobody knows whether a call happened'), ('run.waiting', 'run.waiting: a run waits for people, a message or a time'), ('run.succeeded', 'run.succeeded: a run has ended well'), ('run.over_budget', 'run.over_budget: a limit ends a run, or it asks for more'), ('run.failed', 'run.failed: a run has ended with an error'), ('budget.soft_limit', 'budget.soft_limit: a budget has reached its soft limit')]), verbose_name='events')),
                ('include_arguments', models.BooleanField(default=False, help_text='Send the arguments of tool calls too; they may hold personal data.')),
                ('enabled', models.BooleanField(default=True, editable=False)),
                ('disabled_reason', models.TextField(blank=True, default='', editable=False)),
                ('secret', models.BinaryField(help_text='Encrypted under SECRET_KEY.')),
                ('previous_secret', models.BinaryField(help_text='Signs as well until previous_until.', null=True)),
                ('previous_until', models.DateTimeField(editable=False, null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('created_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='endpoints', to='workspaces.workspace')),
            ],
            options={
                'ordering': ['created_at'],
                'constraints': [models.CheckConstraint(condition=models.Q(('kinds__contained_by', ['approval.requested', 'approval.decided', 'approval.expired', 'tool_call.in_doubt', 'run.waiting', 'run.succeeded', 'run.over_budget', 'run.failed', 'budget.soft_limit']), ('kinds__len__gte', 1)), name='endpoint_asks_for_known_events'), models.CheckConstraint(condition=models.Q(models.Q(('disabled_reason', ''), ('enabled', True)), models.Q(('enabled', False), models.Q(('disabled_reason', ''), _negated=True)), _connector='OR'), name='endpoint_that_is_off_says_why')],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.UUIDField(db_default=agents.models.uuid7.UUID7(), editable=False, primary_key=True, serialize=False)),
                ('kind', models.TextField(verbose_name='event')),
                ('object', models.UUIDField(help_text='The approval, run or tool call that the event is about.', null=True)),
                ('event_seq', models.BigIntegerField(null=True)),
                ('body', models.BinaryField()),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('delivered', 'Delivered'), ('failed', 'failed, will be tried again'), ('dead', 'Dead')], db_default='pending', default='pending', max_length=9)),
                ('next_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), null=True)),
                ('attempts', models.PositiveIntegerField(db_default=0, default=0)),
                ('retries', models.PositiveSmallIntegerField(db_default=0, default=0, help_text='Since the first attempt, or a replay.')),
                ('is_replay', models.BooleanField(db_default=False, default=False)),
                ('attempted_at', models.DateTimeField(null=True)),
                ('delivered_at', models.DateTimeField(null=True)),
                ('response_status', models.PositiveSmallIntegerField(null=True)),
                ('error', models.TextField(db_default='', default='', help_text='One word for what went wrong last.')),
                ('elapsed_ms', models.PositiveIntegerField(null=True)),
                ('response', models.BinaryField(help_text='The first 4 kB of the last answer.', null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workspaces.workspace')),
                ('endpoint', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='reviews.endpoint')),
            ],
            options={
                'verbose_name_plural': 'deliveries',
                'indexes': [models.Index(condition=models.Q(('status__in', ['pending', 'failed'])), fields=['endpoint', 'next_at'], name='delivery_due'), models.Index(fields=['workspace', '-id'], name='delivery_newest'), models.Index(condition=models.Q(('status', 'dead')), fields=['endpoint'], name='delivery_dead')],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['pending', 'delivered', 'failed', 'dead'])), name='delivery_status_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('next_at__isnull', False), ('status__in', ['pending', 'failed'])), models.Q(('next_at', None), ('status__in', ['delivered', 'dead'])), _connector='OR'), name='delivery_has_a_next_time_while_it_is_open'), models.UniqueConstraint(fields=('endpoint', 'event_seq'), name='an_endpoint_is_told_of_an_event_once')],
            },
        ),
        migrations.CreateModel(
            name='PolicyRevision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('activated_at', models.DateTimeField(editable=False, null=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workspaces.workspace')),
            ],
            options={
                'ordering': ['policy_set', '-number'],
            },
        ),
        migrations.CreateModel(
            name='PolicySet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, validators=[workspaces.names.check_name])),
                ('active', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='reviews.policyrevision')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='policy_sets', to='workspaces.workspace')),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'name'), name='policy_name_is_unique')],
            },
        ),
        migrations.AddField(
            model_name='policyrevision',
            name='policy_set',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='revisions', to='reviews.policyset'),
        ),
        migrations.CreateModel(
            name='Revision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('args', models.BinaryField()),
                ('digest', models.BinaryField(max_length=32)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('approval', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='revisions', to='reviews.approvalrequest')),
                ('edited_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['number'],
                'constraints': [models.UniqueConstraint(fields=('approval', 'number'), name='approval_revision_number_is_unique')],
            },
        ),
        migrations.CreateModel(
            name='Rule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, validators=[workspaces.names.check_name])),
                ('tool', models.CharField(default='*', help_text="A tool's name, or a pattern such as send_*", max_length=100)),
                ('agent', models.CharField(default='*', help_text="An agent's name, or a pattern", max_length=100)),
                ('labels', models.JSONField(blank=True, default=dict, help_text='Labels that the run must have')),
                ('condition', models.TextField(blank=True, default='', help_text='CEL; empty: always', max_length=2000)),
                ('effect', models.CharField(choices=[('deny', 'Deny'), ('ask', 'Ask'), ('allow', 'Allow')], max_length=5)),
                ('mode', models.CharField(choices=[('enforce', 'Enforce'), ('warn', 'warn: mark the call, and let it pass'), ('shadow', 'shadow: only record')], default='enforce', max_length=7)),
                ('seats', models.JSONField(default=reviews.models.policy.any_approver, help_text='[{"count": 1, "group": "finance"}]; group null: any')),
                ('deadline_seconds', models.PositiveIntegerField(default=3600)),
                ('on_expiry', models.CharField(choices=[('reject', 'the call expires'), ('respond', 'the agent is answered with a text'), ('keep_waiting', 'keep waiting'), ('stop_run', 'the call expires and the run is cancelled')], default='reject', max_length=12)),
                ('on_expiry_text', models.TextField(blank=True, default='')),
                ('channels', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=reviews.models.policy.web_only)),
                ('edit_allowed', models.BooleanField(default=True)),
                ('undo_seconds', models.PositiveSmallIntegerField(default=0)),
                ('risk', models.CharField(choices=[('low', 'Low'), ('medium', 'Medium'), ('high', 'High')], default='medium', max_length=6)),
                ('revision', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='reviews.policyrevision')),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(fields=('revision', 'name'), name='rule_name_is_unique_in_its_revision'), models.CheckConstraint(condition=models.Q(('effect__in', ['deny', 'ask', 'allow'])), name='rule_effect_is_known'), models.CheckConstraint(condition=models.Q(('mode__in', ['enforce', 'warn', 'shadow'])), name='rule_mode_is_known'), models.CheckConstraint(condition=models.Q(('risk__in', ['low', 'medium', 'high'])), name='rule_risk_is_known'), models.CheckConstraint(condition=models.Q(('on_expiry__in', ['reject', 'respond', 'keep_waiting', 'stop_run'])), name='rule_expiry_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('on_expiry', 'respond'), _negated=True), models.Q(('on_expiry_text', ''), _negated=True), _connector='OR'), name='rule_that_responds_has_a_text', violation_error_message='A rule that answers the agent on expiry needs the text of that answer.'), models.CheckConstraint(condition=models.Q(('undo_seconds__range', (0, 1800))), name='rule_undo_is_at_most_half_an_hour', violation_error_message='A decision can be taken back for 1,800 seconds at most.'), models.CheckConstraint(condition=models.Q(('deadline_seconds__range', (1, 2592000))), name='rule_deadline_is_at_most_thirty_days', violation_error_message='A deadline is 1 to 2,592,000 seconds: 30 days at most.'), models.CheckConstraint(condition=models.Q(('channels__contained_by', ['web', 'api']), ('channels__len__gte', 1)), name='rule_channels_are_known', violation_error_message='Channels are web, api or both.')],
            },
        ),
        migrations.CreateModel(
            name='Snooze',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('until', models.DateTimeField()),
                ('approval', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='snoozes', to='reviews.approvalrequest')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['until'], name='snooze_over')],
                'constraints': [models.UniqueConstraint(fields=('approval', 'person'), name='a_person_snoozes_once')],
            },
        ),
        migrations.CreateModel(
            name='Claim',
            fields=[
                ('approval', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='claimed', serialize=False, to='reviews.approvalrequest')),
                ('taken_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('lapses_at', models.DateTimeField()),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['lapses_at'], name='claim_lapsed')],
            },
        ),
        migrations.CreateModel(
            name='Handover',
            fields=[
                ('approval', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='handover', serialize=False, to='reviews.approvalrequest')),
                ('until', models.DateTimeField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('given_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['until'], name='handover_over')],
            },
        ),
        migrations.AddConstraint(
            model_name='policyrevision',
            constraint=models.UniqueConstraint(fields=('policy_set', 'number'), name='policy_revision_number_is_unique'),
        ),
    ]
