"""The answer that was given to a POST with an Idempotency-Key; see workspaces/idempotency.py."""

from django.db import models


class IdempotentRequest(models.Model):
    """Inserted first in the transaction of the effect: a concurrent twin waits on the unique index."""

    workspace = models.ForeignKey("Workspace", models.CASCADE, related_name="+")
    principal = models.TextField()
    key = models.TextField()
    request = models.TextField(help_text="Method and path")
    body_digest = models.BinaryField(max_length=32)
    status = models.SmallIntegerField(null=True)
    response = models.BinaryField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "principal", "key"], name="idempotency_key_is_used_once")
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotent_request_purge")]

    def __str__(self) -> str:
        return f"{self.request} {self.key}"
