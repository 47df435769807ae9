"""A run: one agent at work on one input, advanced by workers one committed step at a time."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models, transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce, Now, NullIf, Upper

from agents import blobs
from agents.exceptions import NotWaitingForMessages
from agents.models.agent import Agent, AgentVersion
from agents.models.line import Forkable
from agents.models.pausing import Pausable
from agents.models.run_status import (
    AT_WORK,
    ENDED,
    RUN_MOVES,
    SET_ASIDE,
    STUCK,
    UNFINISHED,
    RunQuerySet,
    RunStatus,
)
from agents.models.thread import OnBusy, Thread
from agents.models.uuid7 import UUID7
from workspaces import audit, canonical, events, hints
from workspaces.models import Token, Workspace

if TYPE_CHECKING:
    from agents.models.message import Message
    from workspaces.principal import Principal


__all__ = [
    "AT_WORK",
    "ENDED",
    "RUN_MOVES",
    "SET_ASIDE",
    "UNFINISHED",
    "UUID7",
    "Run",
    "RunQuerySet",
    "RunStatus",
    "ring",
]


class Run(Forkable, Pausable):
    """One piece of work of an agent. Workers fence their writes by `epoch`; people only touch `woken` and requests."""

    id = models.UUIDField(primary_key=True, db_default=UUID7(), editable=False)
    # Keys without an index of their own are the first column of one in Meta.
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="runs", db_index=False)
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="runs", db_index=False)
    version = models.ForeignKey(AgentVersion, on_delete=models.PROTECT, related_name="runs")
    flow = models.TextField()
    revision = models.PositiveIntegerField()
    input = models.TextField(help_text="JSON text, kept byte for byte.")
    title = models.TextField(default="", help_text="First words of the input, for lists.")
    labels = models.JSONField(default=dict)
    recording = models.ForeignKey("agents.Recording", null=True, on_delete=models.PROTECT, related_name="runs")

    thread = models.ForeignKey(Thread, null=True, on_delete=models.PROTECT, related_name="runs", db_index=False)
    awaiting = models.CharField(
        max_length=9, choices=OnBusy, default="", db_default="", help_text="It has no turn in its thread yet."
    )
    superseded = models.CharField(max_length=9, choices=OnBusy, default="", db_default="", help_text="What ended it.")
    history = models.TextField(null=True, help_text="JSON text: the thread's messages before it.")  # noqa: DJ001

    schedule = models.ForeignKey(
        "agents.Schedule", null=True, on_delete=models.PROTECT, related_name="runs", db_index=False
    )
    scheduled_at = models.DateTimeField(null=True, help_text="The time for which its schedule started it.")

    status = models.CharField(max_length=9, choices=RunStatus, default=RunStatus.QUEUED, db_default=RunStatus.QUEUED)
    epoch = models.IntegerField(default=0, db_default=0, help_text="Fence: grows with every claim.")
    seq = models.IntegerField(default=0, db_default=0, help_text="Last committed checkpoint.")
    woken = models.BooleanField(default=False, db_default=False, help_text="There is news since the claim.")
    lapses = models.SmallIntegerField(default=0, db_default=0, help_text="Takeovers of a lapsed lease in a row.")
    lease_until = models.DateTimeField(null=True)
    due = models.DateTimeField(null=True, help_text="Earliest timer of a waiting run.")
    queued_at = models.DateTimeField(
        db_default=Now(), editable=False, help_text="A trigger keeps it (migrations/0002)."
    )
    owner = models.TextField(default="", db_default="", help_text="The worker that holds the claim.")

    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children", db_index=False)
    parent_position = models.TextField(default="", db_default="")
    root = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    depth = models.SmallIntegerField(default=0, db_default=0, help_text="How many parents are above it.")
    trace_id = models.UUIDField(null=True)

    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="runs")
    started_by_token = models.ForeignKey(Token, null=True, on_delete=models.PROTECT, related_name="+")

    tokens = models.BigIntegerField(default=0, db_default=0)
    cost = models.BigIntegerField(default=0, db_default=0, help_text="Millionths of a US dollar.")
    result = models.TextField(null=True, help_text="JSON text of what the flow returned.")  # noqa: DJ001
    error = models.JSONField(null=True, help_text="Why the run failed or was set aside: {type, message, …}.")
    ended_by = models.TextField(
        default="", db_default="", help_text="What ended it when not the flow: a limit, recording."
    )

    created_at = models.DateTimeField(db_default=Now(), editable=False)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    cancel_reason = models.TextField(default="", db_default="")

    objects = RunQuerySet.as_manager()

    unread_messages = 0  # of a run that was read `with_unread`

    class Meta:
        indexes = [
            models.Index(fields=["status"], name="run_unfinished", condition=Q(status__in=UNFINISHED)),
            models.Index(fields=["queued_at"], name="run_oldest_queued", condition=Q(status="queued")),
            models.Index(fields=["due"], name="run_due", condition=Q(due__isnull=False)),
            models.Index(fields=["workspace", "-id"], name="run_newest"),
            models.Index(fields=["workspace", "status", "-id"], name="run_newest_by_status"),
            models.Index(fields=["agent", "-id"], name="run_newest_of_agent"),
            models.Index(fields=["thread", "-id"], name="run_newest_of_thread", condition=Q(thread__isnull=False)),
            models.Index(fields=["thread"], name="run_in_line", condition=~Q(awaiting="")),
            GinIndex(OpClass(Upper("title"), name="gin_trgm_ops"), name="run_by_title"),  # as __icontains asks
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=RunStatus.values), name="run_status_is_known"),
            models.CheckConstraint(
                condition=Q(lease_until__isnull=True) | Q(status="running"),
                name="run_holds_a_claim_only_while_running",
            ),
            models.UniqueConstraint(
                fields=["parent", "parent_position"], condition=Q(parent__isnull=False), name="run_child_is_unique"
            ),
            models.UniqueConstraint(
                fields=["schedule", "scheduled_at"],
                condition=Q(schedule__isnull=False),
                name="run_of_a_schedule_is_unique",
            ),
            models.UniqueConstraint(
                fields=["thread"],
                condition=Q(thread__isnull=False, awaiting="", status__in=UNFINISHED),
                name="run_is_alone_in_its_thread",
            ),
            models.UniqueConstraint(
                fields=["workspace", "recording", "flow"],
                condition=Q(recording__isnull=False),
                name="run_plays_or_imports_a_recording_once",
            ),
            models.CheckConstraint(
                condition=Q(forked_from__isnull=True, forked_seq__isnull=True, lineage__isnull=True)
                | Q(forked_from__isnull=False, forked_seq__gte=1, lineage__isnull=False) & ~Q(fork_mode=""),
                name="run_knows_all_or_nothing_of_what_it_was_forked_from",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title or self.pk}"

    # --- verbs ---

    def wake(self) -> None:
        """Something this run waits for has happened; safe to call at any time, by anyone."""
        Run.objects.filter(pk=self.pk).wake()
        ring(str(self.pk))

    @transaction.atomic
    def cancel(self, *, reason: str = "", by: "Principal | None" = None) -> bool:
        """Ask for the end of this run and its children; False once it has ended.

        Each ends when its calls in flight have an outcome.
        """
        asked = 0
        for runs in self._downwards():
            asked += runs.wake(
                cancel_requested_at=Coalesce(F("cancel_requested_at"), Now()),
                cancel_reason=Coalesce(NullIf(F("cancel_reason"), Value("")), Value(reason)),
                pause_requested_at=None,
                pause_of=None,
                status=Case(When(status__in=[*SET_ASIDE, "waiting"], then=Value("queued")), default=F("status")),
            )
        if asked:
            audit.record(self.workspace_id, by, "run.cancellation", self.pk, {"reason": reason})
        return bool(asked)

    def say(self, content: object) -> "Message":
        """Put a user message (text or content blocks) into the inbox; a waiting `receive` takes it, in order.

        Raises CanonicalError, and NotWaitingForMessages once the run has ended.
        """
        text = blobs.keep(canonical.dumps(content).decode(), self.workspace_id, self.pk)
        with transaction.atomic():
            if not Run.objects.active().filter(pk=self.pk).select_for_update(no_key=True).exists():
                raise NotWaitingForMessages("This run has ended; start a new one.")
            message = self.inbox.create(workspace_id=self.workspace_id, content=text)
            self.wake()
        return message

    # --- questions ---

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED

    @property
    def is_pausable(self) -> bool:
        return self.status in AT_WORK and not self.cancel_requested_at

    @property
    def is_stuck(self) -> bool:
        return self.status in STUCK and not self.cancel_requested_at

    @property
    def cost_dollars(self) -> float:
        return self.cost / 1_000_000

    def elapsed_seconds(self, now: datetime) -> float:
        """From the start to the end, or to `now`."""
        return ((self.finished_at or now) - self.created_at).total_seconds()

    # --- private ---

    def _try_again(self) -> bool:
        """Queue a run that the runtime set aside, now that its cause may be mended."""
        again = Run.objects.stuck().filter(pk=self.pk).update(status=RunStatus.QUEUED, error=None, lapses=0)
        if again:
            self._tell("run.resumed", [self.pk])
            ring(str(self.pk))
        return bool(again)

    def _downwards(self) -> Iterator[RunQuerySet]:
        """This run, then its children level by level: from parent to child is the order in which everybody locks.

        A child that is inserted meanwhile takes over what was asked of its parent.
        """
        level: list[UUID] = [self.pk]
        while level:
            yield Run.objects.active().filter(pk__in=level)
            for run_id in level:
                ring(str(run_id))
            level = list(Run.objects.active().filter(parent__in=level).order_by("pk").values_list("pk", flat=True))

    def _tell(self, kind: str, run_ids: list[UUID]) -> None:
        for run_id in run_ids:
            events.record(self.workspace_id, "run", kind, run_id)

    def _why_not(self, done: str) -> str:
        run = Run.objects.get(pk=self.pk)
        if run.has_ended:
            return f"This run has already {run.status} and cannot be {done}."
        if run.cancel_requested_at:
            return f"This run is being cancelled and cannot be {done}."
        return f"This run is {run.status} and cannot be {done}."


ring = partial(hints.after_commit, "agents.advance_run")
