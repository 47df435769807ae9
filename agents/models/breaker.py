"""Breakers: a tool that fails and fails is not called for a while, and then tried by one call."""

from django.db import models
from django.db.models.functions import Now

from workspaces.models import Workspace


class BreakerQuerySet(models.QuerySet["Breaker"]):
    """Selections of breakers."""

    def open(self) -> "BreakerQuerySet":
        return self.filter(open_until__gt=Now())


class Breaker(models.Model):
    """Failures of a tool in a row; while `open_until` is to come, calls of it fail at once or wait."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    tool = models.TextField()
    failures = models.IntegerField(default=1)
    last_error = models.TextField(default="")
    failed_at = models.DateTimeField(db_default=Now())
    open_until = models.DateTimeField(null=True)

    objects = BreakerQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "tool"], name="breaker_is_one_a_tool")]

    def __str__(self) -> str:
        return f"{self.tool}: {self.failures} failures"
