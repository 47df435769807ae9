"""One run: what happened, step by step, what it waits for, and what may be done about it."""

from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Count, DurationField, ExpressionWrapper, F, Q, Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.timezone import now
from django.views.decorators.http import require_POST, require_safe

from agents import reading
from agents.exceptions import IllegalMove
from agents.models import CallStatus, Effect, Run, ToolCall
from agents.reading import Step
from console import budgets, talk
from console.inspector import PARTS, Inspected
from console.pages import MemberRequest, Words, members_only, show
from console.standing import WITH_PEOPLE, with_standing
from console.steps import rows
from console.track import track
from console.waterfall import Axis
from reviews.models import ApprovalRequest

STEPS = 200  # rows of one page
CHILDREN = 100
VIEWS = {"waterfall": "Waterfall", "messages": "Messages", "calls": "Tool calls"}


class PlaceForm(forms.Form):
    """Which step is looked at, and how; anything else in the address is passed over."""

    step = forms.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    call = forms.UUIDField(required=False)
    view = forms.ChoiceField(choices=VIEWS.items(), required=False)
    part = forms.ChoiceField(choices=PARTS.items(), required=False)

    @property
    def wanted(self) -> dict[str, Any]:
        """The readable part."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class MessageForm(forms.Form):
    """What to say to the agent."""

    content = Words(max_length=100_000)


@members_only
@require_safe
def run(request: MemberRequest, run_id: UUID) -> HttpResponse:
    """The page of one run."""
    found = load(request, run_id)
    return show(request, "console/run.html", "run", Page(request, found, PlaceForm(request.GET).wanted).context())


@members_only
@require_POST
def messages(request: MemberRequest, run_id: UUID) -> HttpResponse:
    """Say something to a run that takes messages."""
    found, form = load(request, run_id), MessageForm(request.POST)
    request.principal.require("operate")
    if form.is_valid():
        found.say(form.cleaned_data["content"])
    return redirect("run", run_id)


@members_only
@require_POST
def cancellation(request: MemberRequest, run_id: UUID) -> HttpResponse:
    """Ask for the end of the run."""
    found = load(request, run_id)
    request.principal.require("operate")
    if not found.cancel(reason=request.POST.get("reason", "")[:500], by=request.principal):
        raise IllegalMove(f"This run has already {found.status}.")
    return redirect("run", run_id)


@members_only
@require_POST
def pause(request: MemberRequest, run_id: UUID) -> HttpResponse:
    """Set the run aside."""
    load(request, run_id).pause(by=request.principal)
    return redirect("run", run_id)


@members_only
@require_POST
def resumption(request: MemberRequest, run_id: UUID) -> HttpResponse:
    """Let a paused run go on."""
    load(request, run_id).resume(by=request.principal)
    return redirect("run", run_id)


def load(request: MemberRequest, run_id: UUID) -> Run:
    """The run, if it is of this workspace."""
    own = with_standing(Run.objects.in_workspace(request.principal.workspace))
    return get_object_or_404(
        own.select_related("agent", "version", "started_by", "started_by_token", "parent"), pk=run_id
    )


class Page:
    """One look at a run: up to 200 steps around the chosen one."""

    def __init__(self, request: MemberRequest, run: Run, wanted: dict[str, Any]):
        self.principal, self.run, self.wanted, self.now = request.principal, run, wanted, now()
        self.seq = min(wanted.get("step", run.seq), run.seq)
        self.after = max(0, min(run.seq - STEPS, self.seq - STEPS // 2))
        self.steps = reading.timeline(run, after=self.after, limit=STEPS)
        in_view = Q(seq__isnull=True) | Q(seq__gt=self.after, seq__lte=self.after + STEPS)
        self.calls = list(run.tool_calls.filter(in_view).order_by("id"))

    def context(self) -> dict[str, Any]:
        """What the template shows."""
        view = self.wanted.get("view", "waterfall")
        return {
            "run": self.run,
            "page": self,
            "view": view,
            "views": VIEWS,
            "part": self.wanted.get("part", "step"),
            "parts": PARTS,
            "inspected": Inspected(self.run, self.step, self.call),
            "may_operate": self.principal.may("operate") and not self.run.has_ended,
            **(self.waterfall() if view == "waterfall" else {}),
        }

    def waterfall(self) -> dict[str, Any]:
        """Rows, and the axis on which their bars lie."""
        found = rows(self.steps, self.calls, self.now)
        start = min([row.started_at for row in found], default=self.run.created_at)
        end = max([row.finished_at for row in found], default=start)
        work = [(row.started_at, row.finished_at) for row in found if row.tone != "gate"]
        axis = Axis(work, start, end)
        return {
            "axis": axis,
            "rows": [(row, axis.bar(row.started_at, row.finished_at)) for row in found],
            "whole": axis.bar(start, end),
        }

    @property
    def track(self) -> Any:
        """The checkpoints around the chosen one."""
        return track(self.run, self.steps, self.calls, self.seq)

    @property
    def children(self) -> list[Run]:
        """The runs that this one has started, in the order of their start."""
        below = with_standing(self.run.children.select_related("agent", "version"))
        return list(below.order_by("id")[:CHILDREN])

    @property
    def call(self) -> ToolCall | None:
        """The chosen call, or the call of the chosen step."""
        if "call" in self.wanted:
            return next((call for call in self.calls if call.pk == self.wanted["call"]), None)
        return next((call for call in self.calls if call.seq == self.seq), None)

    @property
    def step(self) -> Step | None:
        """The chosen step; none for a call without an outcome."""
        chosen = self.call.seq if "call" in self.wanted and self.call else self.seq
        return next((step for step in self.steps if step.seq == chosen), None)

    @property
    def key(self) -> str:
        """How the address names what is chosen."""
        call = self.call
        return f"call={call.pk}" if "call" in self.wanted and call and call.seq is None else f"step={self.seq}"

    @property
    def conversation(self) -> list[talk.Turn]:
        """Everything said up to the chosen step."""
        return talk.turns(reading.messages_at(self.run, self.seq), self.run.agent.name)

    @property
    def takes_messages(self) -> bool:
        """Whether one may say something to this run."""
        return not self.run.has_ended and not self.run.cancel_requested_at

    @property
    def request(self) -> ApprovalRequest | None:
        """The most urgent open request of this run."""
        return self.run.approvals.pending().most_urgent_first().first()

    # --- figures ---

    @property
    def working_seconds(self) -> float:
        """The time that steps took, added up."""
        length = ExpressionWrapper(F("finished_at") - F("started_at"), output_field=DurationField())
        worked = self.run.checkpoints.aggregate(sum=Sum(length))["sum"]
        return worked.total_seconds() if worked else 0.0

    @property
    def elapsed_seconds(self) -> float:
        """From the start to the end, or to now."""
        return ((self.run.finished_at or self.now) - self.run.created_at).total_seconds()

    @property
    def waiting_seconds(self) -> float:
        """The rest: people, timers, and the queue."""
        return max(0.0, self.elapsed_seconds - self.working_seconds)

    @property
    def budgets(self) -> list[budgets.Use]:
        """What this run counts towards, beside the limits of its version."""
        return budgets.of_run(self.run)

    @property
    def effects(self) -> dict[str, int]:
        """What left its mark on the world, and what is held."""
        writes, done = ~Q(effect=Effect.READ), Q(status=CallStatus.SUCCEEDED)
        return self.run.tool_calls.aggregate(
            reads=Count("id", filter=Q(effect=Effect.READ) & done),
            held=Count("id", filter=writes & Q(status__in=WITH_PEOPLE)),
            sent=Count("id", filter=writes & done),
            refused=Count("id", filter=Q(status__in=["denied", "rejected", "expired"])),
        )
