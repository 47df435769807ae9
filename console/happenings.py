"""What happened to a run, moment by moment: steps, calls, decisions, messages, requests of people."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from agents import blobs
from agents.models import Run, ToolCall
from agents.reading import Step
from agents.tools.legible import clip
from console import standing, wishes
from console.standing import CALL_TONES, WITH_PEOPLE, Tone
from console.steps import HIDDEN, ICONS, effects_of, name
from console.wishes import Wish
from reviews.models import Decision

MAX_MESSAGES = 200
WISHED = {wishes.CANCEL: "End asked for", wishes.PAUSE: "Pause asked for", wishes.RESUME: "Let go on"}
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
    """One moment: what, in words, of which tool; about what; and by whom."""

    at: datetime
    icon: str
    words: str
    tool: str = ""
    about: str = ""
    who: str = ""
    tone: Tone = ""
    key: str = ""


def of_run(
    run: Run, steps: Sequence[Step], calls: Sequence[ToolCall], asked: Sequence[Wish], *, is_last: bool
) -> list[Happening]:
    """Everything in the range of these steps, in the order of time; `asked` of the run as a whole where it ends."""
    begun = {step.seq: step.started_at for step in steps}
    found = [*of_steps(steps, calls), *(one for call in calls for one in of_call(call, begun)), *of_decisions(calls)]
    found += [*of_messages(run), *map(of_wish, asked)] if is_last else []
    start = Happening(run.created_at, "runs", "Started", who=str(run.started_by or ""))
    return [start, *sorted(found, key=lambda one: one.at), *(of_end(run, found) if is_last else ())]


def of_steps(steps: Iterable[Step], calls: Iterable[ToolCall]) -> Iterator[Happening]:
    """The commits."""
    effects = effects_of(calls)
    for step in steps:
        if step.kind not in HIDDEN | {"tool"}:
            words = name(step, None, effects) + (", failed" if step.failed else "")
            yield Happening(step.finished_at, ICONS.get(step.kind, ("runs", ""))[0], words, about=f"step {step.seq}",
                            key=f"step={step.seq}", tone="bad" if step.failed else "")  # fmt: skip


def of_call(call: ToolCall, begun: Mapping[int, datetime]) -> Iterator[Happening]:
    """A call from its proposal to its end; of a read only its step, if that is `begun` here, knows when it started."""
    key, about = (f"step={call.seq}", f"step {call.seq}") if call.seq else (f"call={call.pk}", "")
    held = call.status in WITH_PEOPLE or call.effective_at is not None
    words = "Proposed, held for people:" if held else "Proposed"
    yield Happening(call.created_at, "tool", words, call.tool, about, key=key)
    if started_at := call.started_at or begun.get(call.seq or 0) if standing.was_entered(call) else None:
        again = f"Started, attempt {call.attempt}:" if call.attempt > 1 else "Started"
        at = max(started_at, call.created_at)  # a read may begin before the turn that asks for it is committed
        yield Happening(at, "right", again, call.tool, about, key=key)
    if call.finished_at:
        tone = CALL_TONES.get(call.status, "")
        yield Happening(call.finished_at, "tool", standing.of_call(call).word, call.tool, about, tone=tone, key=key)


def of_decisions(calls: Sequence[ToolCall]) -> Iterator[Happening]:
    """What people decided about the calls."""
    tools = {call.pk: call for call in calls if call.effective_at or call.status in WITH_PEOPLE or call.why}
    made = Decision.objects.filter(approval__tool_call__in=tools).select_related("person", "approval")
    for decision in made.order_by("pk"):
        call = tools[decision.approval.tool_call_id]
        words = DECIDED.get(decision.kind, decision.kind) + (", undone" if decision.undone_at else "")
        key = f"step={call.seq}" if call.seq else f"call={call.pk}"
        about = decision.reason or decision.text
        yield Happening(decision.created_at, "person", words, call.tool, clip(about, 80), decision.person.name, key=key)


def of_messages(run: Run) -> Iterator[Happening]:
    """What was said to the run."""
    for message in run.inbox.order_by("-id")[:MAX_MESSAGES]:
        key = f"step={message.taken_seq}" if message.taken_seq else ""
        left = "Message never read: the run ended first" if run.has_ended else "Message waits to be taken up"
        heard = "Message taken up" if message.taken_seq else left
        yield Happening(message.created_at, "ask", heard, about=clip(blobs.glance(message.content), 80), key=key)


def of_wish(wish: Wish) -> Happening:
    """What somebody asked of the run as a whole."""
    icon = {wishes.CANCEL: "x", wishes.PAUSE: "gate"}.get(wish.kind, "right")
    return Happening(wish.at, icon, WISHED[wish.kind], about=clip(wish.reason, 80), who=wish.who, tone="warn")


def of_end(run: Run, others: Iterable[Happening]) -> Iterator[Happening]:
    """How it ended, behind all else: the database says when, and a worker's clock may be ahead of its."""
    if run.finished_at:
        tone: Tone = "ok" if run.status == "succeeded" else "bad"
        at = max([run.finished_at, *(one.at for one in others)])
        yield Happening(at, "check", f"Run {run.get_status_display().lower()}", tone=tone)
