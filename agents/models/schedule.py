"""A schedule: the same input to an agent, again and again at times that a cron expression names."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from agents.models.agent import Agent
from agents.models.uuid7 import UUID7
from workspaces.models import Workspace


class ScheduleQuerySet(models.QuerySet["Schedule"]):
    """Selections of schedules."""

    def due(self) -> "ScheduleQuerySet":
        return self.filter(paused=False, next_at__lte=Now()).order_by("next_at")


class Schedule(models.Model):
    """Runs are started in the name of `owner`, whose rights count at that moment."""

    id = models.UUIDField(primary_key=True, db_default=UUID7(), editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="schedules")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="schedules")
    input = models.TextField(help_text="JSON text.")
    labels = models.JSONField(default=dict, blank=True)
    cron = models.CharField(max_length=200, help_text="Minute, hour, day of month, month, day of week: 0 7 * * 1-5.")
    time_zone = models.CharField(max_length=100, default="UTC", help_text="By whose clocks: Europe/Berlin.")
    paused = models.BooleanField(default=False, db_default=False)
    next_at = models.DateTimeField(null=True, editable=False)
    problem = models.TextField(default="", db_default="", editable=False, help_text="Why the last run did not start.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, editable=False, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = ScheduleQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["next_at"], name="schedule_due", condition=Q(paused=False))]

    def __str__(self) -> str:
        return f"{self.agent.name} at {self.cron}"
