"""What the page of a run shows: up to 200 steps around the chosen one, in the view that is asked for."""

from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.timezone import now

from agents import reading
from agents.models import CallStatus, Run, ToolCall
from agents.reading import Step
from console import budgets, effects, fork_form, happenings, made, talk, tree, wishes
from console.busy import begun, busy_since
from console.inspector import FORK, PARTS, Inspected
from console.pages import MemberRequest
from console.standing import stopped_calls, with_standing
from console.steps import Row, effects_of, ended, rows, shared, thinking
from console.track import track
from console.waterfall import Axis, Bar, length
from console.wishes import Wish
from reviews.models import ApprovalRequest, PolicyRevision
from reviews.opening import considered
from tracing.working import working_seconds

STEPS = 200  # rows of one page
CHILDREN = 100
POLICIES = 3  # tags in the head
TURNS = 60  # of the conversation, the newest ones, unless more are asked for
MAX_TURNS = 1000
BETWEEN_SECONDS = 2  # what the runtime itself may take between the steps
VIEWS = {
    "waterfall": "Waterfall",
    "tree": "Tree",
    "messages": "Messages",
    "calls": "Calls",
    "events": "Events",
}


class Page:
    """One look at a run."""

    def __init__(self, request: MemberRequest, run: Run, wanted: dict[str, Any]):
        self.principal, self.run, self.wanted, self.now = request.principal, run, wanted, now()
        self.seq = min(wanted.get("step", run.seq), run.seq)
        centred = max(0, min(run.seq - STEPS, self.seq - STEPS // 2))
        self.after = min(wanted.get("after", centred), max(0, run.seq - 1))
        self.steps = reading.timeline(run, after=self.after, limit=min(STEPS, run.seq - self.after))
        self.calls = list(run.calls.filter(self._in_view).order_by("id"))

    @property
    def _in_view(self) -> Q:
        """Calls of these steps; those without an outcome stand at the end."""
        of_steps = Q(seq__gt=self.after, seq__lte=self.after + STEPS)
        return of_steps if self.later is not None else of_steps | Q(seq__isnull=True)

    def context(self) -> dict[str, Any]:
        """What the template shows."""
        view, asked = self.wanted.get("view", "waterfall"), self.wanted.get("part", "")
        inspected = Inspected(self.run, self.step, self.call, effects_of(self.calls))
        return {
            "run": self.run,
            "page": self,
            "view": view,
            "views": VIEWS,
            "part": asked or ("state" if inspected.step and inspected.step.wrote_state else "step"),
            "asked": asked,
            "parts": PARTS,
            "inspected": inspected,
            "may_operate": self.principal.may("operate") and not self.run.has_ended,
            "may_fork": self.principal.may("engineer"),
            **(self.waterfall() if view == "waterfall" else {}),
            **(self.fork(inspected.step) if asked == FORK else {}),
        }

    def fork(self, step: Step | None) -> dict[str, Any]:
        """The form for a fork from here, for who may make one."""
        if step is None or not self.principal.may("engineer"):
            return {"part": "step", "asked": ""}
        return fork_form.context(self.run, fork_form.begun(self.run, step), step)

    def waterfall(self) -> dict[str, Any]:
        """Rows, and the axis on which their bars lie."""
        own = [row for row in self.rows if not row.is_shared]
        is_begin = self.after <= (self.run.forked_seq or 0)
        start = self.run.created_at if is_begin else min((row.started_at for row in own), default=self.run.created_at)
        ends = [self.now] if self.is_end else [row.finished_at for row in own]
        end = self.run.finished_at if self.is_end and self.run.finished_at else max(ends, default=start)
        axis = Axis([(row.started_at, row.finished_at) for row in own if row.is_work], start, end)
        return {"axis": axis, "rows": [(row, bar_of(row, axis)) for row in self.rows], "whole": axis.bar(start, end)}

    # --- ranges ---

    @property
    def earlier(self) -> int | None:
        """Behind which step the rows before these begin, if there are any."""
        return max(0, self.after - STEPS) if self.after else None

    @property
    def later(self) -> int | None:
        """Behind which step the rows after these begin, if there are any."""
        return self.after + STEPS if self.after + STEPS < self.run.seq else None

    @property
    def is_end(self) -> bool:
        """Whether these are the last steps."""
        return self.later is None

    @property
    def range(self) -> str:
        """How the address keeps a range that was chosen."""
        return f"&after={self.after}" if "after" in self.wanted else ""

    @property
    def track(self) -> Any:
        """The checkpoints around the chosen one."""
        return track(self.run, self.steps, self.calls, self.seq)

    @cached_property
    def stopped(self) -> set[UUID]:
        """The calls of this run that a stop holds."""
        is_stopped = getattr(self.run, "is_stopped", False)
        return set(stopped_calls().filter(run=self.run).values_list("pk", flat=True)) if is_stopped else set()

    @property
    def tree(self) -> list[tree.Node]:
        """The steps under what asked for them."""
        return tree.grown(self.rows, self.children)

    @cached_property
    def rows(self) -> list[Row]:
        """Steps, waits and open calls; behind them the turn under way, and that somebody ended the run."""
        found, wish = rows(self.steps, self.calls, self.now, self.stopped, self.withdrawn), self.cancellation
        if self.busy_since and not begun(self.calls):
            found.append(thinking(self.busy_since, self.now))
        if wish and self.is_end:
            found.append(ended(wish.at, self.run.finished_at or self.now, wish.who, wish.reason))
        return [shared(row, self.run.forked_seq or 0) for row in found]

    @property
    def listed(self) -> list[made.Made]:
        """The calls as a list."""
        return made.calls(self.calls, self.steps)

    @property
    def happenings(self) -> list[happenings.Happening]:
        """What happened in this range, in the order of time."""
        return happenings.of_run(self.run, self.steps, self.calls, self.wishes, is_last=self.is_end)

    @cached_property
    def children(self) -> list[Run]:
        """The runs that this one has started, in the order of their start."""
        below = with_standing(self.run.children.select_related("agent", "version"))
        return list(below.order_by("id")[:CHILDREN])

    # --- what is chosen ---

    @cached_property
    def call(self) -> ToolCall | None:
        """The chosen call, or the call of the chosen step."""
        if "call" in self.wanted:
            return self.run.calls.filter(pk=self.wanted["call"]).first()
        found = next((call for call in self.calls if call.seq == self.seq), None)
        return found or (None if self._holds_chosen else self.run.calls.filter(seq=self.seq).first())

    @cached_property
    def step(self) -> Step | None:
        """The chosen step; none for a call without an outcome."""
        chosen = self.call.seq if "call" in self.wanted and self.call else self.seq
        if chosen is None:
            return None
        found = next((step for step in self.steps if step.seq == chosen), None)
        return found or next(iter(reading.timeline(self.run, after=chosen - 1, limit=1)), None)

    @property
    def _holds_chosen(self) -> bool:
        return any(step.seq == self.seq for step in self.steps)

    @property
    def key(self) -> str:
        """How the address names what is chosen."""
        call = self.call
        return f"call={call.pk}" if "call" in self.wanted and call and call.seq is None else f"step={self.seq}"

    @cached_property
    def conversation(self) -> dict[str, Any]:
        """The newest of what was said up to the chosen step, and how much came before that."""
        last = self.wanted.get("last") or TURNS
        said, before = reading.tail_at(self.run, self.seq, last)
        return {
            "turns": talk.turns(said, self.run.agent.name),
            "before": before,
            "more": min(last * 4, MAX_TURNS),
        }

    @property
    def streamed(self) -> str:
        """The positions of turns that are committed: their words need not be shown as they come."""
        return " ".join(step.position for step in self.steps[-50:] if step.kind == "model")

    @property
    def takes_messages(self) -> bool:
        """Whether one may say something to this run."""
        return not self.run.has_ended and not self.run.cancel_requested_at

    # --- what people asked of it, and it of them ---

    @cached_property
    def open_requests(self) -> list[ApprovalRequest]:
        """What this run asks people now, the most urgent first."""
        return list(self.run.approvals.pending().most_urgent_first().only("title"))

    @property
    def open_children(self) -> int:
        """How many of the runs below it have not ended."""
        return sum(not child.has_ended for child in self.children)

    @cached_property
    def withdrawn(self) -> set[UUID]:
        """The calls about which people were asked until the run ended without them."""
        left = [call.pk for call in self.calls if call.status == CallStatus.CANCELLED]
        asked = ApprovalRequest.objects.filter(tool_call__in=left) if left else ApprovalRequest.objects.none()
        return set(asked.values_list("tool_call", flat=True))

    @cached_property
    def wishes(self) -> list[Wish]:
        """That it ends, that it pauses, that it goes on."""
        return wishes.of_run(self.run)

    @property
    def cancellation(self) -> Wish | None:
        """Who ended it, when and why; of several who asked, the first."""
        is_asked = self.run.cancel_requested_at is not None
        return next((wish for wish in self.wishes if wish.kind == wishes.CANCEL), None) if is_asked else None

    @property
    def pause(self) -> Wish | None:
        """Who paused it, while it is paused."""
        is_asked = self.run.pause_requested_at is not None
        return next((wish for wish in reversed(self.wishes) if wish.kind == wishes.PAUSE), None) if is_asked else None

    # --- figures ---

    @cached_property
    def working_seconds(self) -> float:
        """The time in which a model or a tool was at work, to now."""
        at_it = (self.now - self.busy_since).total_seconds() if self.busy_since else 0.0
        return at_it + working_seconds([self.run.pk]).get(self.run.pk, 0.0)

    @cached_property
    def busy_since(self) -> datetime | None:
        """Since when a model or a tool has been at work on what comes next."""
        return busy_since(self.run, self.steps, self.calls, self.now) if self.is_end else None

    @property
    def elapsed_seconds(self) -> float:
        """From the start to the end, or to now."""
        return self.run.elapsed_seconds(self.now)

    @property
    def waiting_seconds(self) -> float:
        """The rest: people, timers, and the queue; where only moments between steps are left, what rows say."""
        rest = max(0.0, self.elapsed_seconds - self.working_seconds)
        gates = [row for row in self.rows if row.tone == "gate" and not row.is_shared]
        waits = length((row.started_at, row.finished_at) for row in gates)
        return waits if abs(rest - waits) < BETWEEN_SECONDS else rest

    @property
    def policies(self) -> list[PolicyRevision]:
        """By whose rules the calls that are shown were judged."""
        keys = {key for call in self.calls for key in considered(call.verdict)}
        found = PolicyRevision.objects.filter(pk__in=keys).select_related("policy_set").order_by("policy_set", "number")
        return list(found[:POLICIES]) if keys else []

    @property
    def budgets(self) -> list[budgets.Use]:
        """What this run counts towards, beside the limits of its version."""
        return budgets.of_run(self.run)

    @cached_property
    def effects(self) -> effects.Effects:
        """What left its mark on the world, and what is held."""
        return effects.of_run(self.run, self.principal.workspace.switch)


def bar_of(row: Row, axis: Axis) -> Bar | None:
    """Where a row lies; what happened before a fork has no place in its time."""
    if row.is_shared:
        return None
    return axis.ahead if row.is_ahead else axis.bar(row.started_at, row.finished_at)
