"""Large values, once each, and the runs that refer to them; written by `agents/blobs`."""

from django.db import models
from django.db.models.functions import Now

from agents.models.run import Run
from workspaces.models import Workspace


class Blob(models.Model):
    """One value of a workspace by the SHA-256 of its bytes: the bytes, or the object store that has them."""

    pk = models.CompositePrimaryKey("digest", "workspace_id")
    digest = models.BinaryField(max_length=32)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    size = models.BigIntegerField()
    content = models.BinaryField(null=True)
    address = models.TextField(default="", db_default="", help_text="The object store, where the bytes are not here.")
    kept_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return bytes(self.digest).hex()


class BlobUse(models.Model):
    """A run whose journal refers to a value; the value goes when no run does any longer."""

    pk = models.CompositePrimaryKey("digest", "run_id")
    digest = models.BinaryField(max_length=32)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"{bytes(self.digest).hex()} in {self.run_id}"
