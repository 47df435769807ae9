"""A tool call that an agent proposed: nothing runs twice in silence, nothing runs unapproved."""

from typing import Any, Literal

import orjson
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now

from agents import blobs
from agents.exceptions import IllegalMove
from agents.models.kept import KeptBytesField
from agents.models.run import UUID7, Run
from agents.models.tool import Effect, Reach
from workspaces import audit, canonical, events
from workspaces.exceptions import PreconditionFailed
from workspaces.models import Workspace
from workspaces.principal import Principal

type Resolution = Literal["happened", "did_not_happen", "retry"]


class CallStatus(models.TextChoices):
    """Where a call is; see CALL_MOVES."""

    PROPOSED = "proposed"
    DENIED = "denied"
    WAITING = "waiting"
    READY = "ready"
    EXECUTING = "executing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"
    REJECTED = "rejected"
    ANSWERED = "answered"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


CALL_MOVES = {
    "proposed": ["denied", "waiting", "ready", "failed", "cancelled"],
    "waiting": ["ready", "executing", "denied", "rejected", "answered", "expired", "failed", "succeeded", "cancelled"],
    "ready": ["executing", "waiting", "denied", "succeeded", "failed", "expired", "cancelled"],
    "executing": ["succeeded", "failed", "in_doubt", "ready"],
    "in_doubt": ["succeeded", "failed", "waiting", "ready"],
}
OPEN = ["proposed", "waiting", "ready", "executing", "in_doubt"]


class ToolCallQuerySet(models.QuerySet["ToolCall"]):
    """Selections of tool calls."""

    def open(self) -> "ToolCallQuerySet":
        return self.filter(status__in=OPEN)

    def in_workspace(self, workspace: Workspace) -> "ToolCallQuerySet":
        return self.filter(workspace=workspace)


class ToolCall(models.Model):
    """One proposed call. `args` are the canonical bytes that are shown, approved, hashed and executed."""

    id = models.UUIDField(primary_key=True, db_default=UUID7(), editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+", db_index=False)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="tool_calls", db_index=False)
    position = models.TextField(db_collation="C")
    provider_id = models.TextField(default="", help_text="The provider's tool_use id: data, unique only in its reply.")
    tool = models.TextField()
    title = models.TextField(default="")
    effect = models.CharField(max_length=6, choices=Effect)
    reaches = models.CharField(max_length=7, choices=Reach)
    status = models.CharField(max_length=9, choices=CallStatus)
    why = models.TextField(default="", help_text="One sentence: why it was denied, failed or waits.")
    args = KeptBytesField(help_text="Canonical bytes (RFC 8785).")
    digest = models.BinaryField(max_length=32, help_text="SHA-256 of tool name and canonical arguments.")
    proposed_args = models.BinaryField(null=True, help_text="What the model proposed, where a person changed it.")
    schema_digest = models.BinaryField(null=True, max_length=32)

    decided = models.CharField(max_length=9, default="", db_default="", help_text="Status it takes at effective_at.")
    effective_at = models.DateTimeField(null=True)
    valid_until = models.DateTimeField(null=True)
    rules_epoch = models.IntegerField(default=0)
    verdict = models.JSONField(default=dict, help_text="The gate's verdict with its explanation.")
    facts = models.JSONField(default=dict, help_text="What the trusted lookups found, frozen.")

    attempt = models.IntegerField(default=0, db_default=0)
    epoch = models.IntegerField(null=True, help_text="Claim that started the last attempt.")
    deadline_at = models.DateTimeField(null=True)
    outcome = models.TextField(null=True, help_text="JSON text: the outcome before a checkpoint holds it.")  # noqa: DJ001
    report = models.JSONField(null=True, help_text="What a fenced worker learned too late; evidence, nothing more.")
    seq = models.IntegerField(null=True, help_text="The checkpoint with the outcome; null while there is none.")

    created_at = models.DateTimeField(db_default=Now(), editable=False)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = ToolCallQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="tool_call_position_is_unique"),
            models.CheckConstraint(condition=Q(status__in=CallStatus.values), name="tool_call_status_is_known"),
        ]
        indexes = [
            models.Index(fields=["workspace", "status", "-id"], name="tool_call_open", condition=Q(status__in=OPEN)),
            models.Index(fields=["workspace", "-id"], name="tool_call_newest"),
            models.Index(fields=["workspace", "tool", "-id"], name="tool_call_newest_of_tool"),
            models.Index(
                fields=["workspace", "digest"],
                name="tool_call_carried_out",
                condition=Q(status="succeeded") & ~Q(effect="read"),
            ),
            models.Index(
                fields=["id"], name="tool_call_asks_for_budget", condition=Q(tool="raise_budget", status="waiting")
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.tool

    @transaction.atomic
    def resolve(self, kind: Resolution, *, by: Principal | None, digest: bytes, result: Any, reason: str) -> None:
        """Write what became of a call in doubt and wake its run; the rights are the caller's to check.

        Raises PreconditionFailed where the call is not the one that was seen, IllegalMove where it is not in doubt.
        """
        Run.objects.select_for_update(no_key=True).get(pk=self.run_id)
        call = ToolCall.objects.select_for_update().get(pk=self.pk)
        if bytes(call.digest) != digest:
            raise PreconditionFailed(f"This call is now {bytes(call.digest).hex()}; look at it again.")
        if call.status != CallStatus.IN_DOUBT:
            raise IllegalMove(f"This call is not in doubt, it is {call.status}.")
        call.status, said = resolved(kind, result, reason)
        call.outcome = canonical.dumps(said).decode() if said else None
        call.why = reason
        call.save(update_fields=["status", "outcome", "why"])
        audit.record(self.workspace_id, by, f"tool_call.{kind}", self.pk, {"reason": reason})
        events.record(self.workspace_id, "tool_call", "tool_call.resolved", self.pk)
        call.run.wake()

    @property
    def late_report(self) -> dict[str, Any] | None:
        """The report with its value, which may be kept elsewhere."""
        value = (self.report or {}).get("value")
        return self.report and {**self.report, "value": blobs.read(value) if isinstance(value, str) else value}

    @property
    def arguments(self) -> dict[str, Any]:
        """The canonical arguments as a value."""
        value: dict[str, Any] = orjson.loads(bytes(self.args))
        return value


def resolved(kind: Resolution, result: Any, reason: str) -> tuple[CallStatus, dict[str, Any] | None]:
    """The status and outcome that an answer to "did it happen?" gives a call."""
    if kind == "happened":
        return CallStatus.SUCCEEDED, {"status": "succeeded", "value": result}
    if kind == "did_not_happen":
        error = {"type": "did_not_happen", "message": reason, "retryable": False}
        return CallStatus.FAILED, {"status": "failed", "error": error}
    return CallStatus.READY, None
