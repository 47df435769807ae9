"""One event for one endpoint: the same id and the same bytes however often it is sent."""

from typing import Any

from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now

from agents.models.run import UUID7
from reviews.exceptions import AlreadySending
from reviews.models.endpoint import Endpoint
from workspaces import audit
from workspaces.models import Workspace
from workspaces.principal import Principal

# The legal moves; a trigger made from this table refuses any other (migrations/0003).
# From failed to pending: an attempt begins. From delivered or dead to pending: a replay.
DELIVERY_MOVES = {
    "pending": ["delivered", "failed", "dead"],
    "failed": ["pending", "dead"],
    "delivered": ["pending"],
    "dead": ["pending"],
}
OPEN = ["pending", "failed"]
MOST_KEPT = 30  # attempts: ten, and those of two replays


class Delivery(models.Model):
    """`next_at` is when it is due; while an attempt is under way, when another process may take it over."""

    class Status(models.TextChoices):
        PENDING = "pending"
        DELIVERED = "delivered"
        FAILED = "failed", "failed, will be tried again"
        DEAD = "dead"

    id = models.UUIDField(primary_key=True, db_default=UUID7(), editable=False)
    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="+")
    endpoint = models.ForeignKey(Endpoint, models.PROTECT, related_name="deliveries")
    kind = models.TextField("event")
    object = models.UUIDField(null=True, help_text="The approval, run or tool call that the event is about.")
    event_seq = models.BigIntegerField(null=True)
    body = models.BinaryField()

    status = models.CharField(max_length=9, choices=Status, default=Status.PENDING, db_default=Status.PENDING)
    next_at = models.DateTimeField(null=True, db_default=Now())
    attempts = models.PositiveIntegerField(default=0, db_default=0)  # a fence: only the last may write what came of it
    retries = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Since the first attempt, or a replay."
    )
    is_replay = models.BooleanField(default=False, db_default=False)

    attempted_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    response_status = models.PositiveSmallIntegerField(null=True)
    error = models.TextField(default="", db_default="", help_text="One word for what went wrong last.")
    elapsed_ms = models.PositiveIntegerField(null=True)
    response = models.BinaryField(null=True, help_text="The first 4 kB of the last answer.")
    history = models.JSONField(
        default=list, db_default=[], help_text="What came of each attempt, the latest MOST_KEPT."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["pending", "delivered", "failed", "dead"]), name="delivery_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(status__in=OPEN, next_at__isnull=False) | Q(status__in=["delivered", "dead"], next_at=None),
                name="delivery_has_a_next_time_while_it_is_open",
            ),
            models.UniqueConstraint(fields=["endpoint", "event_seq"], name="an_endpoint_is_told_of_an_event_once"),
        ]
        indexes = [
            models.Index(fields=["endpoint", "next_at"], condition=Q(status__in=OPEN), name="delivery_due"),
            models.Index(fields=["workspace", "-id"], name="delivery_newest"),
            models.Index(fields=["endpoint"], condition=Q(status="dead"), name="delivery_dead"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    def history_with(self, status: int | None, error: str, elapsed_ms: int) -> list[dict[str, Any]]:
        """The history and this attempt: `n`, `at`, `status`, `error`, `ms`. One whose process ended is missing."""
        assert self.attempted_at
        last = {"n": self.attempts, "at": self.attempted_at.isoformat(), "status": status, "error": error}
        return [*self.history[1 - MOST_KEPT :], last | {"ms": elapsed_ms}]

    @transaction.atomic
    def replay(self, by: Principal) -> None:
        """Send it again from the start, under the same id; raises AlreadySending, EndpointDisabled."""
        by.require("operate")
        self.endpoint.check_enabled()
        rested = Delivery.objects.filter(pk=self.pk).exclude(status=Delivery.Status.PENDING)
        if not rested.update(status="pending", next_at=Now(), retries=0, is_replay=True):
            raise AlreadySending("This delivery is on its way already.")
        audit.record(self.workspace_id, by, "delivery.replayed", f"delivery:{self.pk}", {"kind": self.kind})
        self.refresh_from_db()
