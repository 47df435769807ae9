"""A thread: runs one after the other, each beginning with what was said before it."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from agents.models.uuid7 import UUID7
from workspaces.models import Workspace


class OnBusy(models.TextChoices):
    """What a new input to a thread does while a run of it is active."""

    ENQUEUE = "enqueue", "waits for its turn"
    INTERRUPT = "interrupt", "goes on from the messages of the run that it cancels"
    ROLLBACK = "rollback", "goes on from before the run that it cancels"


class Thread(models.Model):
    """Where inputs to agents follow one another. One run of it is active at a time; others wait for their turn."""

    id = models.UUIDField(primary_key=True, db_default=UUID7(), editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="threads")
    title = models.TextField(blank=True, default="")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [models.Index(fields=["workspace", "-id"], name="thread_newest")]

    def __str__(self) -> str:
        return self.title or f"thread {self.pk}"
