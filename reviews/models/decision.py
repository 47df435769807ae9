"""What people said about an approval; rows are never changed, but for being undone."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from reviews.models.approval import ApprovalRequest
from workspaces.models import Token


class Decision(models.Model):
    """One decision, on one revision, with the digest that the person saw."""

    class Kind(models.TextChoices):
        APPROVE = "approve"
        EDIT = "edit"
        REJECT = "reject"
        RESPOND = "respond"
        HAPPENED = "happened"
        DID_NOT_HAPPEN = "did_not_happen"
        RETRY = "retry"

    class Then(models.TextChoices):
        NOTHING = "", "the agent goes on without it"
        RETRY = "retry", "the agent may try again, differently"
        STOP = "stop", "the run is stopped"

    approval = models.ForeignKey(ApprovalRequest, models.PROTECT, related_name="decisions")
    n = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=14, choices=Kind)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    token = models.ForeignKey(Token, models.PROTECT, null=True, related_name="+")
    channel = models.CharField(max_length=8)
    revision = models.PositiveSmallIntegerField()
    digest = models.BinaryField(max_length=32)
    seat = models.PositiveSmallIntegerField(null=True, help_text="The place that an approve fills, counted from 0.")
    reason = models.TextField(default="")
    text = models.TextField(default="", help_text="The answer of respond, or the result of happened as JSON text.")
    args_after = models.BinaryField(null=True, help_text="The arguments that an edit made.")
    then = models.CharField(
        max_length=5, choices=Then, default="", db_default="", help_text="What follows a rejection."
    )
    batch = models.UUIDField(null=True, help_text="Shared by the decisions that were made together.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["n"]
        constraints = [
            models.UniqueConstraint(fields=["approval", "n"], name="decision_number_is_unique"),
            models.UniqueConstraint(
                fields=["approval", "revision", "person"],
                condition=Q(kind="approve", undone_at=None),
                name="one_person_fills_one_seat",
            ),
            models.UniqueConstraint(
                fields=["approval", "revision", "seat"],
                condition=Q(kind="approve", undone_at=None),
                name="one_seat_is_filled_once",
            ),
            models.CheckConstraint(
                condition=Q(kind="approve", seat__isnull=False) | (~Q(kind="approve") & Q(seat=None)),
                name="only_an_approve_fills_a_seat",
            ),
            models.CheckConstraint(condition=~Q(kind="reject", reason=""), name="reject_has_a_reason"),
            models.CheckConstraint(
                condition=Q(then="") | Q(kind="reject", then__in=["retry", "stop"]), name="only_a_rejection_goes_on"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.person}"

    @property
    def edited_to(self) -> bytes | None:
        """The arguments that an edit made."""
        return None if self.args_after is None else bytes(self.args_after)

    @property
    def said(self) -> str:
        """In the past tense, without what it is about."""
        return {
            "approve": "approved",
            "edit": "edited",
            "reject": "rejected",
            "respond": "answered",
            "happened": "said that it happened",
            "did_not_happen": "said that it did not happen",
            "retry": "asked for a retry",
        }[self.kind]

    @property
    def said_of_this(self) -> str:
        """The same as the end of a sentence about a request that is being looked at."""
        return {
            "happened": "said that this happened",
            "did_not_happen": "said that this did not happen",
            "retry": "asked for a retry of this",
        }.get(self.kind, f"{self.said} this")
