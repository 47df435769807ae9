"""Who is looking after a request at the moment: a courtesy to others, never a lock."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from reviews.models.approval import ApprovalRequest


class Claim(models.Model):
    """One person's claim; it lapses by itself unless an open page renews it."""

    approval = models.OneToOneField(ApprovalRequest, models.PROTECT, primary_key=True, related_name="claimed")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    taken_at = models.DateTimeField(db_default=Now(), editable=False)
    lapses_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["lapses_at"], name="claim_lapsed")]

    def __str__(self) -> str:
        return f"claimed by {self.person}"

    def is_live(self, now: datetime) -> bool:
        """Whether it has not lapsed."""
        return self.lapses_at > now
