"""What exactly was put to the vote: one row for the proposal, one more for every edit."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from reviews.models.approval import ApprovalRequest


class Revision(models.Model):
    """Canonical arguments as they were shown, with their digest; never changed."""

    approval = models.ForeignKey(ApprovalRequest, models.PROTECT, related_name="revisions")
    number = models.PositiveSmallIntegerField()
    args = models.BinaryField()
    digest = models.BinaryField(max_length=32)
    edited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["approval", "number"], name="approval_revision_number_is_unique")
        ]

    def __str__(self) -> str:
        return f"revision {self.number}"
