"""Endpoints and deliveries of webhooks."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import agents.models.run
from reviews.models.delivery import DELIVERY_MOVES
from workspaces.moves import guard, unguard


class Migration(migrations.Migration):
    dependencies = [
        ("reviews", "0002_guards"),
        ("workspaces", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Endpoint",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("url", models.CharField(help_text="https://…", max_length=2000, verbose_name="address")),
                (
                    "kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(
                            choices=[
                                ("approval.requested", "approval.requested: a call waits for people"),
                                ("approval.decided", "approval.decided: people have decided"),
                                ("approval.expired", "approval.expired: nobody decided in time"),
                                ("tool_call.in_doubt", "tool_call.in_doubt: nobody knows whether a call happened"),
                                ("run.waiting", "run.waiting: a run waits for people, a message or a time"),
                                ("run.succeeded", "run.succeeded: a run has ended well"),
                                ("run.failed", "run.failed: a run has ended with an error"),
                            ]
                        ),
                        verbose_name="events",
                    ),
                ),
                (
                    "include_arguments",
                    models.BooleanField(
                        default=False, help_text="Send the arguments of tool calls too; they may hold personal data."
                    ),
                ),
                ("enabled", models.BooleanField(default=True, editable=False)),
                ("disabled_reason", models.TextField(blank=True, default="", editable=False)),
                ("secret", models.BinaryField(help_text="Encrypted under SECRET_KEY.")),
                ("previous_secret", models.BinaryField(help_text="Signs as well until previous_until.", null=True)),
                ("previous_until", models.DateTimeField(editable=False, null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="endpoints", to="workspaces.workspace"
                    ),
                ),
            ],
            options={
                "ordering": ["created_at"],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=agents.models.run.UUID7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.TextField(verbose_name="event")),
                (
                    "object",
                    models.UUIDField(help_text="The approval, run or tool call that the event is about.", null=True),
                ),
                ("event_seq", models.BigIntegerField(null=True)),
                ("body", models.BinaryField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("delivered", "Delivered"),
                            ("failed", "failed, will be tried again"),
                            ("dead", "Dead"),
                        ],
                        db_default="pending",
                        default="pending",
                        max_length=9,
                    ),
                ),
                ("next_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), null=True)),
                (
                    "attempts",
                    models.PositiveIntegerField(db_default=0, default=0),
                ),
                (
                    "retries",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, help_text="Since the first attempt, or a replay."
                    ),
                ),
                ("is_replay", models.BooleanField(db_default=False, default=False)),
                ("attempted_at", models.DateTimeField(null=True)),
                ("delivered_at", models.DateTimeField(null=True)),
                ("response_status", models.PositiveSmallIntegerField(null=True)),
                ("error", models.TextField(db_default="", default="", help_text="One word for what went wrong last.")),
                ("elapsed_ms", models.PositiveIntegerField(null=True)),
                ("response", models.BinaryField(help_text="The first 4 kB of the last answer.", null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="workspaces.workspace"
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="deliveries", to="reviews.endpoint"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
            },
        ),
        migrations.AddConstraint(
            model_name="endpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kinds__contained_by",
                        [
                            "approval.requested",
                            "approval.decided",
                            "approval.expired",
                            "tool_call.in_doubt",
                            "run.waiting",
                            "run.succeeded",
                            "run.failed",
                        ],
                    ),
                    ("kinds__len__gte", 1),
                ),
                name="endpoint_asks_for_known_events",
            ),
        ),
        migrations.AddConstraint(
            model_name="endpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("disabled_reason", ""), ("enabled", True)),
                    models.Q(("enabled", False), models.Q(("disabled_reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="endpoint_that_is_off_says_why",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("status__in", ["pending", "failed"])),
                fields=["endpoint", "next_at"],
                name="delivery_due",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["workspace", "-id"], name="delivery_newest"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["pending", "delivered", "failed", "dead"])),
                name="delivery_status_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("next_at__isnull", False), ("status__in", ["pending", "failed"])),
                    models.Q(("next_at", None), ("status__in", ["delivered", "dead"])),
                    _connector="OR",
                ),
                name="delivery_has_a_next_time_while_it_is_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                fields=("endpoint", "event_seq"), name="an_endpoint_is_told_of_an_event_once"
            ),
        ),
        migrations.RunSQL(guard("reviews_delivery", DELIVERY_MOVES), unguard("reviews_delivery")),
    ]
