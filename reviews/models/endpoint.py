"""Where webhooks go: an address, the events it wants, and the secret that its receiver checks signatures with."""

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.timezone import now

from reviews.exceptions import EndpointDisabled, SecretUnreadable
from reviews.webhooks.secret import Secret
from workspaces import audit, events, outbound
from workspaces.exceptions import OutboundRefused
from workspaces.models import Workspace
from workspaces.principal import Principal

if TYPE_CHECKING:
    from reviews.models.delivery import Delivery

OVERLAP = timedelta(hours=24)  # for so long after a rotation both secrets sign


class WebhookKind(models.TextChoices):
    """The events that endpoints may ask for; docs/webhooks.md describes each."""

    APPROVAL_REQUESTED = "approval.requested", "approval.requested: a call waits for people"
    APPROVAL_DECIDED = "approval.decided", "approval.decided: people have decided"
    APPROVAL_EXPIRED = "approval.expired", "approval.expired: nobody decided in time"
    APPROVAL_MENTIONED = "approval.mentioned", "approval.mentioned: a comment names members"
    CALL_IN_DOUBT = "tool_call.in_doubt", "tool_call.in_doubt: nobody knows whether a call happened"
    RUN_WAITING = "run.waiting", "run.waiting: a run waits for people, a message or a time"
    RUN_SUCCEEDED = "run.succeeded", "run.succeeded: a run has ended well"
    RUN_OVER_BUDGET = "run.over_budget", "run.over_budget: a limit ends a run, or it asks for more"
    RUN_FAILED = "run.failed", "run.failed: a run has ended with an error"
    BUDGET_SOFT_LIMIT = "budget.soft_limit", "budget.soft_limit: a budget has reached its soft limit"


class Endpoint(models.Model):
    """One receiver of webhooks. It is never deleted, so that what was sent to it can be read; switch it off instead."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)  # known before the secret is sealed
    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="endpoints")
    url = models.CharField("address", max_length=outbound.MAX_URL, help_text="https://…")
    kinds = ArrayField(models.TextField(choices=WebhookKind), verbose_name="events")
    include_arguments = models.BooleanField(
        default=False, help_text="Send the arguments of tool calls too; they may hold personal data."
    )
    enabled = models.BooleanField(default=True, editable=False)
    disabled_reason = models.TextField(blank=True, default="", editable=False)
    secret = models.BinaryField(help_text="Encrypted under SECRET_KEY.")
    previous_secret = models.BinaryField(null=True, help_text="Signs as well until previous_until.")
    previous_until = models.DateTimeField(null=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kinds__contained_by=WebhookKind.values, kinds__len__gte=1),
                name="endpoint_asks_for_known_events",
            ),
            models.CheckConstraint(
                condition=Q(enabled=True, disabled_reason="") | Q(enabled=False) & ~Q(disabled_reason=""),
                name="endpoint_that_is_off_says_why",
            ),
        ]

    def __str__(self) -> str:
        return self.url

    # --- verbs ---

    def register(self, by: Principal | None) -> str:
        """Save this new endpoint and return its secret, which is shown once and kept only encrypted."""
        _ask(by)
        fresh = self._seal_new()
        self.created_by = by.person if by else None
        self.full_clean()
        with transaction.atomic():
            self.save(force_insert=True)
            self._tell("endpoint.registered", by)
        return fresh.text

    def change(self, by: Principal | None) -> None:
        """Save another address, other events, or whether arguments are sent."""
        _ask(by)
        self.full_clean()
        with transaction.atomic():
            self.save(update_fields=["url", "kinds", "include_arguments"])
            self._tell("endpoint.changed", by)

    @transaction.atomic
    def rotate(self, by: Principal | None) -> str:
        """Give out a new secret; for a day the old one signs as well."""
        _ask(by)
        held = Endpoint.objects.select_for_update(no_key=True).get(pk=self.pk)
        self.previous_secret, self.previous_until = held._sealed_as_previous(), Now() + OVERLAP
        fresh = self._seal_new()
        self.save(update_fields=["secret", "previous_secret", "previous_until"])
        self._tell("endpoint.rotated", by)
        self.refresh_from_db()
        return fresh.text

    @transaction.atomic
    def disable(self, reason: str, by: Principal | None = None) -> None:
        """Send nothing from now on; what is still to be sent waits."""
        if by:
            _ask(by)
        if Endpoint.objects.filter(pk=self.pk, enabled=True).update(enabled=False, disabled_reason=reason):
            self._tell("endpoint.disabled", by, reason=reason)
        self.refresh_from_db()

    @transaction.atomic
    def enable(self, by: Principal | None) -> None:
        """Send again, first of all what has waited."""
        _ask(by)
        if Endpoint.objects.filter(pk=self.pk, enabled=False).update(enabled=True, disabled_reason=""):
            self._tell("endpoint.enabled", by)
        self.refresh_from_db()

    def send_test(self, by: Principal) -> "Delivery":
        """Send an `endpoint.test` event, as any other is sent."""
        from reviews.webhooks.body import test_body

        _ask(by)
        self.check_enabled()
        return self.deliveries.create(workspace_id=self.workspace_id, kind="endpoint.test", body=test_body(self, now()))

    # --- questions ---

    def clean(self) -> None:
        """The address is one that we call; a name is looked up for that."""
        try:
            outbound.check_url(self.url)
        except OutboundRefused as refused:
            raise ValidationError({"url": str(refused)}) from refused

    def check_enabled(self) -> None:
        """Raise EndpointDisabled if nothing is sent here."""
        if not self.enabled:
            raise EndpointDisabled(f"This endpoint is switched off: {self.disabled_reason}")

    @property
    def host(self) -> str:
        """Whose it is, without what may be secret about the address."""
        address = urlsplit(self.url)
        return f"{address.hostname or ''}:{address.port}" if address.port else address.hostname or ""

    def secrets_at(self, moment: datetime) -> list[Secret]:
        """The secrets that sign at `moment`, the newest first; raises SecretUnreadable."""
        secrets = [Secret.unsealed(bytes(self.secret), self._place("secret"))]
        if self.previous_secret and self.previous_until and moment < self.previous_until:
            secrets.append(Secret.unsealed(bytes(self.previous_secret), self._place("previous_secret")))
        return secrets

    def _seal_new(self) -> Secret:
        fresh = Secret.new()
        self.secret = fresh.sealed(self._place("secret"))
        return fresh

    def _sealed_as_previous(self) -> bytes | None:
        """The secret of now for its new column; one that cannot be read any more signs nothing anyway."""
        try:
            current = Secret.unsealed(bytes(self.secret), self._place("secret"))
        except SecretUnreadable:
            return None
        return current.sealed(self._place("previous_secret"))

    def _place(self, column: str) -> str:
        return f"{self.workspace_id}|{self._meta.db_table}|{self.pk}|{column}"

    def _tell(self, kind: str, by: Principal | None, **detail: str) -> None:
        known = {"host": self.host, "kinds": list(self.kinds), "include_arguments": self.include_arguments}
        audit.record(self.workspace_id, by, kind, f"endpoint:{self.pk}", {**known, **detail})
        events.record(self.workspace_id, "configuration", kind, self.pk)


def _ask(by: Principal | None) -> None:
    if by:
        by.require("administer")
