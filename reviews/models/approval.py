"""An approval request: what was asked of whom, frozen when it was asked, and where it stands."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypedDict, Unpack
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Now, Upper

from agents.models import Run, ToolCall
from agents.models.run import UUID7
from reviews.policy.seats import places
from reviews.policy.values import Requirement, seats
from workspaces.models import Person, Workspace
from workspaces.principal import Principal

if TYPE_CHECKING:
    from reviews.models.claim import Claim
    from reviews.models.comment import Comment
    from reviews.models.decision import Decision
    from reviews.models.later import Handover, Snooze


class Said(TypedDict, total=False):
    """What a decision says beyond its kind: `args` with edit, `text` with respond, `result` with happened, `then` with
    reject (the agent may `retry`, or the run is to `stop`); `batch` is the id that decisions made together share;
    `credential_is_meant` where words or arguments hold one on purpose."""

    args: Any
    text: str | None
    reason: str | None
    result: Any
    then: str | None
    batch: UUID | None
    credential_is_meant: bool


# The legal moves; a trigger made from this table refuses any other (migrations/0002). Back to pending: undone in time.
# From approved to withdrawn: the rules changed before the call could start, and it is asked for again.
APPROVAL_MOVES = {
    "pending": ["approved", "rejected", "answered", "expired", "withdrawn"],
    "approved": ["pending", "withdrawn"],
    "rejected": ["pending"],
    "answered": ["pending"],
}
SPOKEN = Func(
    F("explanation"),
    template="""jsonb_path_query_array(%(expressions)s, '$.rules[*] ? (@.result == "matched").rule')""",
    output_field=models.JSONField(),
)  # the names of the rules that spoke about a request
DECIDED = ["approved", "rejected", "answered"]
# Only where several have to agree can somebody have voted while it is still open.
FOR_SEVERAL = Func(
    F("seats"),
    models.Value("strict $ ? (@.size() > 1 || exists(@[*] ? (@.count > 1)))"),
    function="jsonb_path_exists",
    output_field=models.BooleanField(),
)


class ApprovalQuerySet(models.QuerySet["ApprovalRequest"]):
    """Selections of approvals."""

    def visible_to(self, principal: Principal) -> "ApprovalQuerySet":
        """Those of the principal's workspace."""
        return self.filter(workspace=principal.workspace)

    def pending(self) -> "ApprovalQuerySet":
        return self.filter(status=ApprovalRequest.Status.PENDING)

    def under_rule(self, name: str) -> "ApprovalQuerySet":
        """Those about which the rule of that name spoke."""
        return self.alias(spoken=SPOKEN).filter(spoken__contains=[name])  # type: ignore[misc]

    def overdue(self) -> "ApprovalQuerySet":
        """Nobody decided in time, and something is to happen then."""
        return self.pending().filter(deadline_at__lte=Now()).exclude(on_expiry="keep_waiting")

    def most_urgent_first(self) -> "ApprovalQuerySet":
        return self.order_by("deadline_at", "pk")


class ApprovalRequest(models.Model):
    """One question to people about one tool call; `digest` and `revision` are those of the current arguments."""

    class Status(models.TextChoices):
        PENDING = "pending"
        APPROVED = "approved"
        REJECTED = "rejected"
        ANSWERED = "answered"
        EXPIRED = "expired"
        WITHDRAWN = "withdrawn"

    class Subject(models.TextChoices):
        TOOL_CALL = "tool_call"
        QUESTION = "question"
        IN_DOUBT = "in_doubt"
        BUDGET = "budget"

    id = models.UUIDField(primary_key=True, db_default=UUID7(), editable=False)
    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="+")
    run = models.ForeignKey(Run, models.PROTECT, related_name="approvals")
    tool_call = models.ForeignKey(ToolCall, models.PROTECT, related_name="approvals")
    subject_kind = models.CharField(max_length=9, choices=Subject)
    status = models.CharField(max_length=9, choices=Status, default=Status.PENDING, db_default=Status.PENDING)
    title = models.TextField()
    revision = models.PositiveSmallIntegerField(default=1)
    digest = models.BinaryField(max_length=32)

    seats = models.JSONField(help_text="[{count, group}], as the rules asked when this was opened or last edited.")
    excluded = ArrayField(models.BigIntegerField(), default=list, help_text="People who may not decide this.")
    channels = ArrayField(models.TextField())
    edit_allowed = models.BooleanField()
    undo_seconds = models.PositiveSmallIntegerField()
    risk = models.CharField(max_length=6)
    deadline_at = models.DateTimeField()
    on_expiry = models.CharField(max_length=12)
    on_expiry_text = models.TextField(default="")
    explanation = models.JSONField(help_text="The verdict: every rule considered, with values and result.")
    policy_revisions = ArrayField(
        models.BigIntegerField(), default=list, help_text="Those whose rules were considered."
    )
    requirement_digest = models.BinaryField(max_length=32, help_text="What an approval of this is good for.")

    created_at = models.DateTimeField(db_default=Now(), editable=False)
    decided_at = models.DateTimeField(null=True)
    effective_at = models.DateTimeField(null=True, help_text="Until then a decision can be undone.")

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["pending", "approved", "rejected", "answered", "expired", "withdrawn"]),
                name="approval_status_is_known",
            ),
            models.CheckConstraint(
                condition=Q(subject_kind__in=["tool_call", "question", "in_doubt", "budget"]),
                name="approval_subject_is_known",
            ),
            models.CheckConstraint(
                condition=Q(status="pending", decided_at=None, effective_at=None)
                | (~Q(status="pending") & Q(decided_at__isnull=False)),
                name="approval_has_a_time_of_decision_once_decided",
            ),
            models.CheckConstraint(
                condition=~Q(status="approved") | Q(subject_kind__in=["tool_call", "budget"]),
                name="only_a_tool_call_or_a_budget_is_approved",
            ),
            models.UniqueConstraint(
                fields=["tool_call"], condition=Q(status="pending"), name="a_call_has_one_open_approval"
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "deadline_at", "id"], condition=Q(status="pending"), name="approval_most_urgent"
            ),
            models.Index(
                fields=["workspace", "deadline_at", "id"],
                condition=Q(status="pending", risk="high"),
                name="approval_riskiest",
            ),
            models.Index(
                fields=["workspace", "id", "revision"],
                condition=Q(FOR_SEVERAL, status="pending"),
                name="approval_for_several",
            ),
            models.Index(fields=["tool_call"], condition=Q(subject_kind="in_doubt"), name="approval_of_doubt"),
            models.Index(
                fields=["deadline_at"],
                condition=Q(status="pending") & ~Q(on_expiry="keep_waiting"),
                name="approval_overdue",
            ),
            GinIndex(fields=["excluded"], condition=Q(status="pending"), name="approval_excluding"),
            models.Index(fields=["workspace", "status", "-id"], name="approval_newest_by_status"),
            models.Index(fields=["workspace", "-id"], name="approval_newest"),
            models.Index(
                fields=["workspace", "-decided_at", "-id"],
                condition=Q(decided_at__isnull=False),
                name="approval_lately_decided",
            ),
            GinIndex(OpClass(Upper("title"), name="gin_trgm_ops"), name="approval_by_title"),  # as __icontains asks
            GinIndex(SPOKEN, name="approval_by_rule"),
        ]

    def __str__(self) -> str:
        return self.title

    # --- verbs ---

    def decide(self, kind: str, *, by: Principal, digest: bytes, **said: Unpack[Said]) -> "Decision":
        """Decide as `by`, who saw the arguments with this digest; the one way in for every page, route and channel.

        Raises NotEligible, KindRefused, Changed (other arguments), AlreadyDecided, SeatTaken, Expired, Withdrawn;
        the same decision by the same person again is returned as it was made.
        """
        from reviews.deciding import decide

        decision = decide(self, kind, by=by, digest=digest, **said)
        self.refresh_from_db()
        return decision

    def undo(self, n: int, by: Principal) -> "Decision":
        """Take back one's own decision before it takes effect; raises TooLateToUndo afterwards."""
        from reviews.undoing import undo

        decision = undo(self, n, by)
        self.refresh_from_db()
        return decision

    def claim(self, by: Principal, *, take_over: bool = False) -> "Claim":
        """Say that `by` looks after this for five minutes; raises Claimed where somebody else does."""
        from reviews.claims import claim

        return claim(self, by, take_over=take_over)

    def release(self, by: Principal) -> None:
        """Give one's own claim up."""
        from reviews.claims import release

        release(self, by)

    def snooze(self, by: Principal, length: timedelta) -> "Snooze":
        """Put this off for `by` alone: for `length`, or for half of the time that is left."""
        from reviews.later import snooze

        return snooze(self, by, length)

    def hand_over(self, by: Principal, to: Person, note: str = "") -> "Handover":
        """Give this to `to`, who could decide it, for half of the time that is left; then it needs everybody again."""
        from reviews.later import hand_over

        return hand_over(self, by, to, note)

    def comment(self, text: str, by: Principal) -> "Comment":
        """Say something about this to the other people; the agent does not read it."""
        from reviews.commenting import comment

        return comment(self, text, by)

    def exact_bytes(self, by: Principal) -> bytes:
        """The arguments as they are hashed and run, credentials included; raises Forbidden."""
        from reviews.credentials import hand_out

        return hand_out(self, by)

    # --- questions ---

    @property
    def is_pending(self) -> bool:
        return self.status == self.Status.PENDING

    @property
    def places(self) -> dict[int, str | None]:
        """Single places by number, with the group that each asks for."""
        return places(seats(self.seats))

    def votes(self) -> "models.QuerySet[Decision]":
        """Approvals of the current revision that count."""
        return self.decisions.filter(kind="approve", revision=F("approval__revision"), undone_at=None)

    @staticmethod
    def demanded_by(requirement: Requirement) -> dict[str, Any]:
        """The columns that a requirement sets, but for the deadline."""
        same = ("on_expiry", "on_expiry_text", "edit_allowed", "undo_seconds", "risk")
        columns = {name: getattr(requirement, name) for name in same}
        stored = requirement.as_json()
        return columns | {"seats": stored["seats"], "channels": stored["channels"]}
