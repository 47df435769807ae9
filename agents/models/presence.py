"""Which processes are alive: one row each, renewed every few seconds by the process itself."""

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

LIVE_SECONDS = 15


class PresenceQuerySet(models.QuerySet["Presence"]):
    """Selections of processes."""

    def live(self) -> "PresenceQuerySet":
        """Those that were heard of within the last seconds."""
        return self.filter(beat_at__gt=Now() - timedelta(seconds=LIVE_SECONDS))


class Presence(models.Model):
    """A process of this installation. It belongs to no workspace: every process works for all of them."""

    class Program(models.TextChoices):
        WEB = "web"
        WORKER = "worker"
        SWEEP = "sweep"

    name = models.TextField(primary_key=True, help_text="Host and process id; `Run.owner` is the same.")
    program = models.TextField(choices=Program)
    host = models.TextField()
    served = ArrayField(models.TextField(), default=list, help_text="Flows that it can advance, as name:revision.")
    counts = models.JSONField(default=dict, help_text="What it counted since it began.")
    started_at = models.DateTimeField(db_default=Now())
    beat_at = models.DateTimeField(db_default=Now())

    objects = PresenceQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.program} {self.name}"
