"""The inbox of a run: user messages that wait for a `receive`."""

from django.db import models
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Now

from agents.models.run import Run
from workspaces.models import Workspace


class Message(models.Model):
    """One user message sent to a run; `taken_seq` is the checkpoint that received it."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="inbox")
    content = models.TextField(help_text="JSON text: a string or a list of content blocks.")
    taken_seq = models.IntegerField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "agents_message"
        indexes = [models.Index(fields=["run", "id"], name="message_untaken", condition=Q(taken_seq__isnull=True))]
        ordering = ["id"]

    def __str__(self) -> str:
        return self.content[:80]


def with_unread[Runs: models.QuerySet[Run]](runs: Runs) -> Runs:
    """Runs with `unread_messages`: how many no step has taken, and once the run has ended, none will."""
    unread = Message.objects.filter(run=OuterRef("pk"), taken_seq=None).order_by().values("run")
    return runs.annotate(unread_messages=Coalesce(Subquery(unread.annotate(number=Count("*")).values("number")), 0))
