"""Tools as a workspace sees them: what code declares, tightened by an admin."""

from django.db import models
from django.db.models.functions import Now

from workspaces.models import Workspace


class Effect(models.TextChoices):
    """What repeating a call would do."""

    READ = "read", "reads"
    KEYED = "keyed", "safe to repeat under the same key"
    UNSAFE = "unsafe", "unsafe to repeat"


class Reach(models.TextChoices):
    """Whether a call leaves the house."""

    INSIDE = "inside", "stays inside"
    OUTSIDE = "outside", "reaches outside"


class Tool(models.Model):
    """A tool that agents of this workspace may propose; `schema` is null where any JSON object is taken."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="tools")
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True, default="")
    schema = models.JSONField(null=True, blank=True)
    effect = models.CharField(max_length=6, choices=Effect, default=Effect.UNSAFE)
    reaches = models.CharField(max_length=7, choices=Reach, default=Reach.INSIDE)
    is_recorded = models.BooleanField(
        default=False, help_text="Known from imported runs only; there is no code behind it."
    )
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="tool_name_is_unique_in_its_workspace")
        ]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
