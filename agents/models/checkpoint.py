"""The journal of a run: one row for every committed outcome and what the flow made of it."""

from django.db import models
from django.db.models.functions import Now

from agents.models.run import Run


class Checkpoint(models.Model):
    """An outcome, in commit order. Written by the one statement that moves the run (`runtime/statements.py`)."""

    pk = models.CompositePrimaryKey("run_id", "seq")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="checkpoints", db_index=False)
    seq = models.IntegerField()
    epoch = models.IntegerField()
    tokens = models.IntegerField(default=0, db_default=0)
    failed = models.BooleanField(default=False, db_default=False)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(db_default=Now())
    position = models.TextField(db_collation="C", help_text="Place in the flow: 3, 4.1.2.")
    kind = models.TextField(help_text="start, model, tool, receive, until, branch, note, now or random.")
    request = models.BinaryField(help_text="Digest of what the flow asked for.")
    outcome = models.TextField(help_text="JSON text.")
    state = models.TextField(null=True, help_text="JSON Patch from the state before.")  # noqa: DJ001
    messages = models.TextField(null=True, help_text="New entries of each conversation.")  # noqa: DJ001
    keyframe = models.TextField(null=True, help_text="Whole state and entries, every 256 rows.")  # noqa: DJ001

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "position"], name="checkpoint_position_is_unique")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.position}"
