"""Keys for programs: a service key acts for the workspace, a personal token for its person."""

import base64
import hashlib
import hmac
import re
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.db.models import Q
from django.utils.timezone import now

from workspaces import audit
from workspaces.exceptions import Forbidden, Unprocessable
from workspaces.names import check_name

if TYPE_CHECKING:
    from workspaces.principal import Principal

RAW_TOKEN = re.compile(r"\Acs_([a-z2-7]{10})_([a-z2-7]{52})\Z")
USED_AT_PRECISION = timedelta(minutes=1)  # so that a busy key does not write on every request
NO_SECRET = bytes(32)
NO_VOTE = "A service key never votes: approvals:decide is for personal tokens."


class Scope(models.TextChoices):
    """What a token may be used for."""

    RUNS_READ = "runs:read"
    RUNS_WRITE = "runs:write"
    APPROVALS_READ = "approvals:read"
    APPROVALS_DECIDE = "approvals:decide"
    CONFIG_READ = "config:read"
    TRACES_WRITE = "traces:write"


class TokenQuerySet(models.QuerySet["Token"]):
    """Tokens, and how one is recognised."""

    def matching(self, raw: str) -> "Token | None":
        """The usable token whose text is `raw`."""
        match = RAW_TOKEN.match(raw)
        if not match:
            return None
        token = self.usable().filter(prefix=match[1]).select_related("workspace", "person").first()
        is_right = hmac.compare_digest(bytes(token.secret_hash) if token else NO_SECRET, hash_secret(match[2]))
        return token if is_right else None

    def usable(self) -> "TokenQuerySet":
        """Neither revoked nor expired, and the person behind it is still active."""
        unexpired = Q(expires_at__isnull=True) | Q(expires_at__gt=now())
        return self.filter(unexpired, revoked_at__isnull=True, person__is_active=True)


class Token(models.Model):
    """A key to the API: only the hash of its secret is kept."""

    class Kind(models.TextChoices):
        SERVICE = "service"
        PERSONAL = "personal"

    workspace = models.ForeignKey("Workspace", models.CASCADE, related_name="tokens")
    kind = models.TextField(choices=Kind.choices)
    person = models.ForeignKey("Person", models.PROTECT, related_name="tokens", help_text="Owner, or creator of a key")
    name = models.CharField(max_length=100, validators=[check_name])
    prefix = models.CharField(max_length=10, unique=True)
    secret_hash = models.BinaryField(max_length=32)
    scopes = ArrayField(models.TextField(choices=Scope.choices), default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = TokenQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["service", "personal"]), name="token_kind_is_known"),
            models.CheckConstraint(condition=Q(scopes__contained_by=Scope.values), name="token_scopes_are_known"),
            models.CheckConstraint(
                condition=Q(kind="personal") | ~Q(scopes__contains=[Scope.APPROVALS_DECIDE.value]),
                name="service_keys_never_vote",
                violation_error_message=NO_VOTE,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} (cs_{self.prefix}_…)"

    @transaction.atomic
    def issue(self, by: "Principal | None" = None) -> str:
        """Save this new token and return its text, which is shown once and kept nowhere."""
        self._check(by)
        self.prefix, secret = _random_text(6)[:10], _random_text(32)
        self.secret_hash, self.scopes = hash_secret(secret), sorted(set(self.scopes))
        self.full_clean()
        self.save(force_insert=True)
        detail = {"name": self.name, "kind": self.kind, "scopes": self.scopes}
        detail |= {"of": self.person.username} if self.kind == self.Kind.PERSONAL else {}
        audit.record(self.workspace_id, by, "token.issued", f"token:{self.pk}", detail)
        return f"cs_{self.prefix}_{secret}"

    @transaction.atomic
    def revoke(self, by: "Principal | None") -> None:
        """From now on the token opens nothing."""
        if by and by.person.pk != self.person_id:
            by.require("administer")
        if Token.objects.filter(pk=self.pk, revoked_at__isnull=True).update(revoked_at=now()):
            audit.record(self.workspace_id, by, "token.revoked", f"token:{self.pk}", {})
        self.refresh_from_db(fields=["revoked_at"])

    def note_use(self) -> None:
        """Remember, to the minute, that the token was used."""
        moment = now()
        if self.last_used_at is None or moment - self.last_used_at > USED_AT_PRECISION:
            Token.objects.filter(pk=self.pk).update(last_used_at=moment)
            self.last_used_at = moment

    def _check(self, by: "Principal | None") -> None:
        if by and self.kind == self.Kind.SERVICE:
            by.require("administer")
        elif by and by.person.pk != self.person_id:
            raise Forbidden("A personal token is made by its own person.")
        if self.kind == self.Kind.SERVICE and Scope.APPROVALS_DECIDE in self.scopes:
            raise Unprocessable(NO_VOTE, [{"path": "/scopes", "message": NO_VOTE}])


def hash_secret(secret: str) -> bytes:
    """The secret is 32 random bytes, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).digest()


def _random_text(count: int) -> str:
    return base64.b32encode(secrets.token_bytes(count)).decode().rstrip("=").lower()
