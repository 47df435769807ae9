"""One line of the audit: inserted in the transaction of what it tells, chained and signed a moment later."""

from django.db import models
from django.db.models.functions import Now

OF_RUNS = ["run.cancellation", "run.pause", "run.resumption"]  # what people ask of a run as a whole


class AuditEntry(models.Model):
    """Append-only: a trigger refuses every change but that from unchained to chained."""

    workspace = models.ForeignKey("Workspace", models.PROTECT, related_name="audit_entries")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    actor = models.TextField(help_text="Who, as it was then: a name, or 'system'")
    person_id = models.BigIntegerField(null=True)
    token_id = models.BigIntegerField(null=True)
    channel = models.TextField(blank=True)
    kind = models.TextField()
    object = models.TextField(blank=True)
    detail = models.TextField(default="{}", help_text="Canonical JSON")
    chain_seq = models.BigIntegerField(null=True, editable=False)
    hash = models.BinaryField(null=True, editable=False)
    signature = models.BinaryField(null=True, editable=False)

    class Meta:
        verbose_name_plural = "audit entries"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "chain_seq"], name="audit_chain_has_one_row_a_number"),
            models.CheckConstraint(
                condition=models.Q(chain_seq__isnull=True, hash__isnull=True, signature__isnull=True)
                | models.Q(chain_seq__gte=1, hash__isnull=False),
                name="audit_entry_is_chained_whole_or_not_at_all",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "-id"], name="audit_of_workspace"),
            models.Index(fields=["workspace", "id"], condition=models.Q(chain_seq=None), name="audit_unchained"),
            models.Index(
                fields=["workspace", "object", "-id"], condition=models.Q(kind="switch.stopped"), name="audit_of_stops"
            ),
            models.Index(
                fields=["workspace", "object", "id"], condition=models.Q(kind__in=OF_RUNS), name="audit_of_runs"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object}".strip()
