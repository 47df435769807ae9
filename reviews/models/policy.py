"""Policies: sets of rules in numbered revisions, frozen once they have been in force."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.db.models.functions import Now

from reviews.exceptions import ConditionRefused, PolicyMovedOn
from reviews.policy import values
from reviews.policy.conditions import MAX_LENGTH, check_condition
from reviews.policy.values import HOUR
from workspaces import audit, events
from workspaces.models import Switch, Workspace
from workspaces.names import check_name
from workspaces.principal import Principal

DAY = 24 * HOUR
MAX_DEADLINE_SECONDS = 30 * DAY
MAX_UNDO_SECONDS = 1800
MAX_PEOPLE = 20
CHANNELS = ["web", "api"]
PLACE = ("id", "revision")  # columns that say where a rule stands, not what it says


def any_approver() -> list[dict[str, Any]]:
    """One seat for one approver of any group."""
    return [{"count": 1, "group": None}]


def web_only() -> list[str]:
    """People decide in the browser unless a rule says otherwise."""
    return ["web"]


class PolicySet(models.Model):
    """A named set of rules; all active sets of a workspace are judged together."""

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="policy_sets")
    name = models.CharField(max_length=100, validators=[check_name])
    active = models.ForeignKey(
        "PolicyRevision", models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="policy_name_is_unique")]

    def __str__(self) -> str:
        return self.name

    @transaction.atomic
    def publish(
        self, rules: Iterable[Mapping[str, Any]], by: Principal | None, *, after: int | None = None
    ) -> "PolicyRevision":
        """Put a new revision with these rules in force; see `draft`."""
        revision = self.draft(rules, by, after=after)
        revision.activate(by)
        return revision

    @transaction.atomic
    def draft(
        self, rules: Iterable[Mapping[str, Any]], by: Principal | None, *, after: int | None = None
    ) -> "PolicyRevision":
        """A new revision with these rules, not in force yet; PolicyMovedOn where `after` is the last no longer."""
        _ask(by)
        PolicySet.objects.select_for_update(no_key=True).get(pk=self.pk)
        last = self.revisions.aggregate(last=models.Max("number"))["last"] or 0
        if after not in (None, last):
            raise PolicyMovedOn(f"Somebody has saved revision {last} meanwhile. Saved again, yours takes its place.")
        revision = self.revisions.create(
            workspace_id=self.workspace_id, number=last + 1, created_by=by.person if by else None
        )
        Rule.objects.add([Rule(revision=revision, **fields) for fields in rules])
        audit.record(self.workspace_id, by, "policy.drafted", f"policy:{self.pk}", {"revision": revision.number})
        return revision

    @transaction.atomic
    def switch_off(self, by: Principal | None) -> None:
        """None of this set's rules count any longer."""
        _ask(by)
        self._put_in_force(None, by)

    def _put_in_force(self, revision: "PolicyRevision | None", by: Principal | None) -> None:
        self.active = revision
        self.save(update_fields=["active"])
        Switch.tighten(self.workspace_id)
        kind, detail = ("activated", {"revision": revision.number}) if revision else ("switched_off", {})
        audit.record(self.workspace_id, by, f"policy.{kind}", f"policy:{self.pk}", {"name": self.name, **detail})
        events.record(self.workspace_id, "configuration", f"policy.{kind}")


class PolicyRevision(models.Model):
    """One state of a policy set. A trigger refuses changes to it and its rules once it has been in force."""

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="+")
    policy_set = models.ForeignKey(PolicySet, models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    activated_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["policy_set", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["policy_set", "number"], name="policy_revision_number_is_unique")
        ]

    def __str__(self) -> str:
        return f"{self.policy_set.name} r{self.number}"

    @transaction.atomic
    def activate(self, by: Principal | None) -> None:
        """Put this revision in force; verdicts given under another no longer count."""
        _ask(by)
        PolicyRevision.objects.filter(pk=self.pk, activated_at=None).update(activated_at=Now())
        self.policy_set._put_in_force(self, by)


class RuleQuerySet(models.QuerySet["Rule"]):
    """Selections of rules."""

    def in_force(self, workspace_id: int) -> "RuleQuerySet":
        """The rules of all active revisions."""
        active = PolicySet.objects.filter(workspace_id=workspace_id, active__isnull=False).values("active")
        return self.filter(revision__in=active).select_related("revision__policy_set")

    def add(self, rules: list["Rule"]) -> None:
        """Check and insert these; raises ValidationError for the first that cannot be.

        Each constraint would be a query for each rule, so they are asked one by one only where inserting is refused.
        """
        for rule in rules:
            rule.full_clean(exclude=["revision"], validate_constraints=False)
        try:
            with transaction.atomic():
                self.bulk_create(rules)
        except IntegrityError:
            for rule in rules:
                rule.full_clean()
                rule.save(force_insert=True)
            raise


class Rule(models.Model):
    """What it matches (tool, agent, labels, condition), what it says, and what people it demands."""

    class Effect(models.TextChoices):
        DENY = "deny"
        ASK = "ask"
        ALLOW = "allow"

    class Mode(models.TextChoices):
        ENFORCE = "enforce"
        WARN = "warn", "warn: mark the call, and let it pass"
        SHADOW = "shadow", "shadow: only record"

    class Risk(models.TextChoices):
        LOW = "low"
        MEDIUM = "medium"
        HIGH = "high"

    class Expiry(models.TextChoices):
        REJECT = "reject", "the call expires"
        RESPOND = "respond", "the agent is answered with a text"
        KEEP_WAITING = "keep_waiting", "keep waiting"
        STOP_RUN = "stop_run", "the call expires and the run is cancelled"

    revision = models.ForeignKey(PolicyRevision, models.CASCADE, related_name="rules")
    name = models.CharField(max_length=100, validators=[check_name])
    tool = models.CharField(max_length=100, default="*", help_text="A tool's name, or a pattern such as send_*")
    agent = models.CharField(max_length=100, default="*", help_text="An agent's name, or a pattern")
    labels = models.JSONField(default=dict, blank=True, help_text="Labels that the run must have")
    condition = models.TextField(blank=True, default="", max_length=MAX_LENGTH, help_text="CEL; empty: always")
    effect = models.CharField(max_length=5, choices=Effect)
    mode = models.CharField(max_length=7, choices=Mode, default=Mode.ENFORCE)
    seats = models.JSONField(default=any_approver, help_text='[{"count": 1, "group": "finance"}]; group null: any')
    deadline_seconds = models.PositiveIntegerField(default=HOUR)
    on_expiry = models.CharField(max_length=12, choices=Expiry, default=Expiry.REJECT)
    on_expiry_text = models.TextField(blank=True, default="")
    channels = ArrayField(models.TextField(), default=web_only)
    edit_allowed = models.BooleanField(default=True)
    undo_seconds = models.PositiveSmallIntegerField(default=0)
    batchable = models.BooleanField(
        default=False, help_text="Alike requests are decided together even if high, edited or with several seats."
    )
    risk = models.CharField(max_length=6, choices=Risk, default=Risk.MEDIUM)

    objects = RuleQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["revision", "name"], name="rule_name_is_unique_in_its_revision"),
            models.CheckConstraint(condition=Q(effect__in=["deny", "ask", "allow"]), name="rule_effect_is_known"),
            models.CheckConstraint(condition=Q(mode__in=["enforce", "warn", "shadow"]), name="rule_mode_is_known"),
            models.CheckConstraint(condition=Q(risk__in=["low", "medium", "high"]), name="rule_risk_is_known"),
            models.CheckConstraint(
                condition=Q(on_expiry__in=["reject", "respond", "keep_waiting", "stop_run"]),
                name="rule_expiry_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(on_expiry="respond") | ~Q(on_expiry_text=""),
                name="rule_that_responds_has_a_text",
                violation_error_message="A rule that answers the agent on expiry needs the text of that answer.",
            ),
            models.CheckConstraint(
                condition=Q(undo_seconds__range=(0, MAX_UNDO_SECONDS)),
                name="rule_undo_is_at_most_half_an_hour",
                violation_error_message=f"A decision can be taken back for {MAX_UNDO_SECONDS:,} seconds at most.",
            ),
            models.CheckConstraint(
                condition=Q(deadline_seconds__range=(1, MAX_DEADLINE_SECONDS)),
                name="rule_deadline_is_at_most_thirty_days",
                violation_error_message=f"A deadline is 1 to {MAX_DEADLINE_SECONDS:,} seconds: 30 days at most.",
            ),
            models.CheckConstraint(
                condition=Q(channels__contained_by=CHANNELS, channels__len__gte=1),
                name="rule_channels_are_known",
                violation_error_message="Channels are web, api or both.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """What the database cannot judge: the condition, seats and labels."""
        _check_condition(self.condition)
        _check_seats(self.seats)
        if not isinstance(self.labels, dict) or not all(isinstance(value, str) for value in self.labels.values()):
            raise ValidationError({"labels": "Labels are an object of texts."})

    def columns(self) -> dict[str, Any]:
        """What it says, to be said again by a rule of another revision."""
        return {field.name: getattr(self, field.name) for field in self._meta.fields if field.name not in PLACE}

    def value(self) -> values.Rule:
        """This rule for the engine, which knows no database."""
        same = ("name", "effect", "tool", "agent", "labels", "condition", "mode", "revision_id")
        demanded = (
            "deadline_seconds",
            "on_expiry",
            "on_expiry_text",
            "edit_allowed",
            "undo_seconds",
            "risk",
            "batchable",
        )
        requirement = values.Requirement(
            seats=values.seats(self.seats),
            channels=tuple(sorted(self.channels)),
            **{name: getattr(self, name) for name in demanded},
        )
        fields = {name: getattr(self, name) for name in same}
        return values.Rule(**fields, policy=self.revision.policy_set.name, requirement=requirement)


def _ask(by: Principal | None) -> None:
    if by:
        by.require("administer")


def _check_condition(text: str) -> None:
    try:
        if text:
            check_condition(text)
    except ConditionRefused as refusal:
        raise ValidationError({"condition": str(refusal)}) from refusal


def _check_seats(seats: object) -> None:
    sentence = 'Seats are a list such as [{"count": 1, "group": "finance"}]; group null means any approver.'
    if not isinstance(seats, list) or not all(_is_seat(seat) for seat in seats):
        raise ValidationError({"seats": sentence})
    if sum(seat["count"] for seat in seats) > MAX_PEOPLE:
        raise ValidationError({"seats": f"At most {MAX_PEOPLE} people."})


def _is_seat(seat: object) -> bool:
    if not isinstance(seat, dict) or set(seat) - {"count", "group"}:
        return False
    count, group = seat.get("count"), seat.get("group")
    return type(count) is int and count >= 1 and (group is None or (isinstance(group, str) and bool(group)))
