"""Where runs are: statuses, the legal moves between them, and selections by them."""

from typing import TYPE_CHECKING

from django.apps import apps
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Value, When

from workspaces.models import Workspace

if TYPE_CHECKING:
    from agents.models.run import Run  # noqa: F401 - named in quotes


class RunStatus(models.TextChoices):
    """Where a run is; see RUN_MOVES."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    PAUSED = "paused"
    DIVERGED = "diverged"
    POISONED = "poisoned"
    UNSERVED = "unserved"


# The legal moves; a trigger made from this table refuses any other (migrations/0005).
RUN_MOVES = {
    "queued": ["running", "cancelled", "failed", "paused", "unserved"],
    "running": ["waiting", "queued", "succeeded", "failed", "cancelled", "paused", "diverged", "poisoned", "unserved"],
    "waiting": ["queued", "running", "cancelled", "paused"],
    "paused": ["queued", "cancelled"],
    "diverged": ["queued", "cancelled"],
    "poisoned": ["queued", "cancelled"],
    "unserved": ["queued", "cancelled"],
}
ENDED = [RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED]
AT_WORK = [RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.WAITING, RunStatus.PAUSED]
STUCK = [RunStatus.DIVERGED, RunStatus.POISONED, RunStatus.UNSERVED]  # set aside by the runtime, for people to look at
UNFINISHED = [status for status in RunStatus.values if status not in ENDED]
SET_ASIDE = [RunStatus.PAUSED, *STUCK]


class RunQuerySet(models.QuerySet["Run"]):
    """Selections of runs."""

    def active(self) -> "RunQuerySet":
        return self.exclude(status__in=ENDED)

    def in_workspace(self, workspace: Workspace) -> "RunQuerySet":
        return self.filter(workspace=workspace)

    def stuck(self) -> "RunQuerySet":
        """Set aside by the runtime: somebody has to look at the cause before they can go on."""
        return self.filter(status__in=STUCK, cancel_requested_at__isnull=True)

    def pausable(self) -> "RunQuerySet":
        return self.filter(status__in=AT_WORK, cancel_requested_at__isnull=True)

    def at_rest(self) -> "RunQuerySet":
        """No worker holds them, and no call of theirs is in flight."""
        calls = apps.get_model("agents", "ToolCall").objects
        in_flight = calls.filter(run=OuterRef("pk"), status="executing")
        return self.filter(~Exists(in_flight), status__in=[RunStatus.QUEUED, RunStatus.WAITING])

    def wake(self, **changes: object) -> int:
        """Have them looked at; whoever holds one looks again before it parks."""
        status = Case(When(status=RunStatus.WAITING, awaiting="", then=Value("queued")), default=F("status"))
        return self.update(**{"woken": True, "status": status, **changes})
