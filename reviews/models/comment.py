"""What people say to each other about a request; no decision, and the agent never reads it."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from reviews.models.approval import ApprovalRequest
from workspaces.models import Token


class Comment(models.Model):
    """One remark; rows are never changed."""

    approval = models.ForeignKey(ApprovalRequest, models.PROTECT, related_name="comments")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    token = models.ForeignKey(Token, models.PROTECT, null=True, related_name="+")
    text = models.TextField()
    mentioned = ArrayField(
        models.TextField(), default=list, db_default=[], help_text="Login names of members whom it names."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["pk"]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="comment_says_something")]

    def __str__(self) -> str:
        return f"{self.person}: {self.text[:60]}"
