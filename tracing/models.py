"""What happened: one narrow row a span, written in the same statement as the step it describes."""

from django.db import models

from workspaces.models import Workspace


class Span(models.Model):
    """Enough for the tree and the figures; for our own runs the checkpoint is the span's body."""

    class Status(models.IntegerChoices):
        UNSET = 0
        OK = 1
        ERROR = 2

    pk = models.CompositePrimaryKey("workspace", "trace_id", "span_id")
    workspace = models.ForeignKey(Workspace, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    trace_id = models.UUIDField()
    span_id = models.BigIntegerField()
    parent_id = models.BigIntegerField(null=True)
    run_id = models.UUIDField(null=True, help_text="A plain id: the trace knows no runs")
    tokens = models.IntegerField(default=0, db_default=0)
    status = models.SmallIntegerField(choices=Status.choices, default=Status.UNSET, db_default=Status.UNSET)
    kind = models.TextField()
    name = models.TextField()

    class Meta:
        ordering = ["started_at", "span_id"]
        indexes = [models.Index(fields=["run_id"], condition=models.Q(run_id__isnull=False), name="span_of_run")]

    def __str__(self) -> str:
        return self.name
