"""What happened to a run, moment by moment: steps, calls, decisions, messages, requests of people."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from agents import blobs
from agents.models import Run, ToolCall
from agents.reading import Step
from agents.tools.legible import clip
from console.standing import CALL_TONES, WITH_PEOPLE, Tone
from console.steps import HIDDEN, ICONS, NAMES
from reviews.models import Decision

MAX_MESSAGES = 200
DECIDED = {
    "approve": "Approved",
    "edit": "Arguments edited",
    "reject": "Rejected",
    "respond": "Answered in place of the tool",
    "happened": "Said to have happened",
    "did_not_happen": "Said not to have happened",
    "retry": "Retry asked for",
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One moment: what, in words; about what; and by whom."""

    at: datetime
    icon: str
    words: str
    about: str = ""
    who: str = ""
    tone: Tone = ""
    key: str = ""


def of_run(run: Run, steps: Sequence[Step], calls: Sequence[ToolCall], *, is_last: bool) -> list[Happening]:
    """Everything in the range of these steps, in the order of time."""
    found = [*of_steps(steps), *(one for call in calls for one in of_call(call)), *of_decisions(calls)]
    found += [*of_messages(run), *of_wishes(run)] if is_last else []
    start = Happening(run.created_at, "runs", "Started", who=str(run.started_by or ""))
    return [start, *sorted(found, key=lambda one: one.at), *(of_end(run, found) if is_last else ())]


def of_steps(steps: Iterable[Step]) -> Iterator[Happening]:
    """The commits."""
    for step in steps:
        if step.kind not in HIDDEN | {"tool"}:
            icon, words = ICONS.get(step.kind, ("runs", ""))[0], NAMES.get(step.kind, step.kind)
            words += ", failed" if step.failed else ""
            yield Happening(step.finished_at, icon, words, f"step {step.seq}", key=f"step={step.seq}",
                            tone="bad" if step.failed else "")  # fmt: skip


def of_call(call: ToolCall) -> Iterator[Happening]:
    """A call from its proposal to its end."""
    key = f"step={call.seq}" if call.seq else f"call={call.pk}"
    held = call.status in WITH_PEOPLE or call.effective_at is not None
    yield Happening(call.created_at, "tool", "Proposed, held for people" if held else "Proposed", call.tool, key=key)
    if call.started_at and call.effect != "read":
        again = f"Started, attempt {call.attempt}" if call.attempt > 1 else "Started"
        yield Happening(call.started_at, "right", again, call.tool, key=key)
    if call.finished_at:
        tone = CALL_TONES.get(call.status, "")
        yield Happening(call.finished_at, "tool", call.get_status_display(), call.tool, tone=tone, key=key)


def of_decisions(calls: Sequence[ToolCall]) -> Iterator[Happening]:
    """What people decided about the calls."""
    tools = {call.pk: call for call in calls if call.effective_at or call.status in WITH_PEOPLE or call.why}
    made = Decision.objects.filter(approval__tool_call__in=tools).select_related("person", "approval")
    for decision in made.order_by("pk"):
        call = tools[decision.approval.tool_call_id]
        words = DECIDED.get(decision.kind, decision.kind) + (", undone" if decision.undone_at else "")
        key = f"step={call.seq}" if call.seq else f"call={call.pk}"
        yield Happening(decision.created_at, "person", words, call.tool, decision.person.name, key=key)


def of_messages(run: Run) -> Iterator[Happening]:
    """What was said to the run."""
    for message in run.inbox.order_by("-id")[:MAX_MESSAGES]:
        key = f"step={message.taken_seq}" if message.taken_seq else ""
        left = "Message never read: the run ended first" if run.has_ended else "Message waits to be taken up"
        heard = "Message taken up" if message.taken_seq else left
        yield Happening(message.created_at, "ask", heard, clip(blobs.glance(message.content), 80), key=key)


def of_wishes(run: Run) -> Iterator[Happening]:
    """What people asked of the run as a whole."""
    if run.pause_requested_at:
        yield Happening(run.pause_requested_at, "gate", "Pause asked for", run.pause_reason, tone="warn")
    if run.cancel_requested_at:
        yield Happening(run.cancel_requested_at, "x", "End asked for", run.cancel_reason, tone="warn")


def of_end(run: Run, others: Iterable[Happening]) -> Iterator[Happening]:
    """How it ended, behind all else: the database says when, and a worker's clock may be ahead of its."""
    if run.finished_at:
        tone: Tone = "ok" if run.status == "succeeded" else "bad"
        at = max([run.finished_at, *(one.at for one in others)])
        yield Happening(at, "check", f"Run {run.get_status_display().lower()}", tone=tone)
