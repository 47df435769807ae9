"""Recorded conversations from elsewhere, by the digest of their bytes."""

from django.db import models
from django.db.models.functions import Now

from agents.models.agent import Agent
from workspaces.models import Workspace


class Recording(models.Model):
    """An imported transcript, taken apart for the recorded model (`turns`) and the recorded tools (`results`)."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="recordings")
    digest = models.BinaryField(max_length=32, help_text="SHA-256 of the record's canonical line.")
    messages = models.TextField(help_text="The messages as recorded, JSON text.")
    turns = models.TextField(help_text="Assistant turns as content blocks, JSON text.")
    results = models.TextField(help_text="Tool results in the order of their calls, JSON text.")
    labels = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "agent", "digest"], name="recording_is_imported_once"),
        ]

    def __str__(self) -> str:
        return f"recording {self.pk}"
