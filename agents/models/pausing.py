"""Runs that people set aside: this one and those below it, until the same people, or others, let them go on."""

from typing import TYPE_CHECKING, cast

from django.db import models, transaction
from django.db.models import Case, DurationField, ExpressionWrapper, F, Q, Value, When
from django.db.models.functions import Extract, Now

from agents.exceptions import IllegalMove
from agents.models.run_status import RunQuerySet, RunStatus
from workspaces import audit

if TYPE_CHECKING:
    from agents.models.run import Run
    from workspaces.principal import Principal


class Pausable(models.Model):
    """The columns of a pause, and the two verbs."""

    pause_requested_at = models.DateTimeField(null=True)
    pause_reason = models.TextField(default="", db_default="")
    pause_of = models.UUIDField(null=True, help_text="The run that was paused: this one, or one above it.")
    paused_seconds = models.FloatField(default=0, db_default=0.0, help_text="In pauses that are over.")

    class Meta:
        abstract = True

    @transaction.atomic
    def pause(self, *, reason: str = "", by: "Principal | None") -> None:
        """Set this run and its children aside: once this is committed, no new write of theirs starts.

        What is in flight ends and is recorded. Without `by` the system itself does it. Raises IllegalMove where there
        is nothing to pause.
        """
        if by:
            by.require("operate")
        run = self._run
        own = type(run).objects.pausable().filter(pk=self.pk)
        if not own.select_for_update(no_key=True).exists():
            raise IllegalMove(run._why_not("paused"))
        for runs in run._downwards():
            fresh = runs.pausable().filter(pause_requested_at__isnull=True)
            asked: dict[str, object] = {"pause_requested_at": Now(), "pause_reason": reason, "pause_of": self.pk}
            resting = list(fresh.at_rest().select_for_update(no_key=True).values_list("pk", flat=True))
            fresh.filter(pk__in=resting).update(**asked, status=RunStatus.PAUSED, due=None)
            fresh.wake(**asked)
            run._tell("run.paused", resting)
        own.update(pause_of=self.pk)  # also where one above it had been paused before
        audit.record(run.workspace_id, by, "run.pause", self.pk, {"reason": reason})

    @transaction.atomic
    def resume(self, *, by: "Principal") -> None:
        """Let this run go on, with all that came meanwhile, and its children that were paused with it.

        What the runtime had set aside is tried again. Raises IllegalMove.
        """
        by.require("operate")
        run = self._run
        if run._try_again():
            return audit.record(run.workspace_id, by, "run.resumption", run.pk)
        locked = type(run).objects.pausable().filter(pk=self.pk, pause_requested_at__isnull=False)
        own = locked.select_for_update(no_key=True).first()
        if own is None:
            raise IllegalMove(run._why_not("resumed"))
        together = Q(pk=self.pk) | Q(pause_of__in=[self.pk, own.pause_of or self.pk]) | Q(pause_of__isnull=True)
        for runs in run._downwards():
            paused = runs.filter(together, pause_requested_at__isnull=False)
            resumed = list(paused.select_for_update(no_key=True).values_list("pk", flat=True))
            self._go_on(runs.filter(pk__in=resumed))
            run._tell("run.resumed", resumed)
        audit.record(run.workspace_id, by, "run.resumption", self.pk)

    @property
    def _run(self) -> "Run":
        return cast("Run", self)

    def _go_on(self, paused: RunQuerySet) -> None:
        length = ExpressionWrapper(Now() - F("pause_requested_at"), output_field=DurationField())
        paused.wake(
            paused_seconds=F("paused_seconds") + Extract(length, "epoch"),
            pause_requested_at=None,
            pause_reason="",
            pause_of=None,
            status=Case(When(status=RunStatus.PAUSED, then=Value("queued")), default=F("status")),
        )
