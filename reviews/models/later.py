"""Requests that somebody looks at later, or that somebody else does: courtesies that end by themselves, never locks."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from reviews.models.approval import ApprovalRequest


class Snooze(models.Model):
    """One person has put a request off: until then it does not count among what needs them."""

    approval = models.ForeignKey(ApprovalRequest, models.PROTECT, related_name="snoozes")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["approval", "person"], name="a_person_snoozes_once")]
        indexes = [models.Index(fields=["until"], name="snooze_over")]

    def __str__(self) -> str:
        return f"snoozed by {self.person}"


class Handover(models.Model):
    """A request given to one person by another: until then it does not count among what needs the rest."""

    approval = models.OneToOneField(ApprovalRequest, models.PROTECT, primary_key=True, related_name="handover")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    until = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [models.Index(fields=["until"], name="handover_over")]

    def __str__(self) -> str:
        return f"handed over to {self.person}"
