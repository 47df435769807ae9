"""The steps of a run as rows: what each is called, what it is drawn as, and when it happened."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from agents.models import CallStatus, Effect, ToolCall
from agents.reading import Step
from agents.tools.legible import clip
from agents.tools.question import QUESTION
from console import standing

HIDDEN = {"now", "random"}
BY_PEOPLE = {CallStatus.WAITING, CallStatus.REJECTED, CallStatus.ANSWERED, CallStatus.EXPIRED}
SAID = {
    CallStatus.REJECTED: "rejected",
    CallStatus.ANSWERED: "answered",
    CallStatus.EXPIRED: "expired",
    CallStatus.CANCELLED: "withdrawn",
}
AHEAD = {CallStatus.WAITING: "after approval", CallStatus.READY: "next"}
ICONS = {
    "start": ("right", "run"),
    "model": ("spark", "llm"),
    "tool": ("tool", "tool"),
    "receive": ("person", "mem"),
    "until": ("clock", "gate"),
    "branch": ("branch", "run"),
    "note": ("pen", "run"),
    "child": ("runs", "run"),
}
NAMES = {
    "start": "Start",
    "model": "Model turn",  # one that failed; others are called by what they asked for
    "receive": "Message received",
    "until": "Timer rang",
    "branch": "Branch",
    "note": "Note",
    "child": "Child run",
}
TOOL_NAME = re.compile(r"[\w.:-]{1,64}", re.ASCII)  # what a model calls otherwise is no tool of anybody's

type Effects = Mapping[str, str]  # of tools, by their names


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the waterfall; `key` is what the address selects it by."""

    key: str
    number: int | None
    icon: str
    tone: str
    name: str
    started_at: datetime
    finished_at: datetime
    is_code: bool = False
    note: str = ""
    label: str = ""
    is_under_way: bool = False
    is_ahead: bool = False
    is_shared: bool = False
    position: str = ""

    @property
    def is_work(self) -> bool:
        """Whether a model or a tool was busy then, for this run."""
        return self.tone != "gate" and not self.is_ahead and not self.is_shared and self.icon != "x"

    @property
    def seconds(self) -> float:
        """How long it took, or has taken so far."""
        return (self.finished_at - self.started_at).total_seconds()


def rows(
    steps: Iterable[Step],
    calls: Iterable[ToolCall],
    now: datetime,
    stopped: Collection[UUID] = (),
    withdrawn: Collection[UUID] = (),
) -> list[Row]:
    """Steps and open calls in the order of their beginning; time spent waiting is a row of its own.

    `stopped` are the calls that a stop holds, `withdrawn` those about which people were asked until the run ended.
    """
    by_position = {call.position: call for call in calls}
    effects = effects_of(by_position.values())
    found = [
        row
        for step in steps
        if step.kind not in HIDDEN
        for row in of_step(step, by_position.pop(step.position, None), effects)
    ]
    for call in by_position.values():
        if call.seq is None:
            asked_until = call.finished_at if call.pk in withdrawn else None
            found += [over(call, asked_until)] if asked_until else of_open_call(call, now, call.pk in stopped)
    return sorted(found, key=lambda row: (row.started_at, row.number or 2**31))


def effects_of(calls: Iterable[ToolCall]) -> dict[str, str]:
    """What the tools of these calls do: read, or write."""
    return {call.tool: call.effect for call in calls}


def name(step: Step, call: ToolCall | None, effects: Effects) -> str:
    """What a step is called: its tool, or what the model's turn came to, told by our words and never by the model's."""
    if call:
        return call.tool
    return turn(step.outcome, effects) if step.kind == "model" and not step.failed else NAMES.get(step.kind, step.kind)


def turn(outcome: Any, effects: Effects) -> str:
    """Replied; Asked lookup_order; Proposed issue_refund × 2; Proposed issue_refund + 2 more."""
    blocks = outcome.get("blocks", [])
    asked = [str(block.get("name")) for block in blocks if block.get("type") == "tool_use"]
    if not asked:
        return "Replied"
    if asked == [QUESTION.name]:
        return "Asked people"
    verb = "Asked" if all(effects.get(tool) == Effect.READ for tool in asked) else "Proposed"
    first = asked[0] if TOOL_NAME.fullmatch(asked[0]) else "an unknown tool"
    rest = f" × {len(asked)}" if len(set(asked)) == 1 else f" + {len(asked) - 1} more"
    return f"{verb} {first}" + (rest if asked[1:] else "")


def of_step(step: Step, call: ToolCall | None, effects: Effects) -> list[Row]:
    """A step's row, after the row of its wait for people."""
    icon, tone = ICONS.get(step.kind, ("runs", "run"))
    row = Row(
        key=f"step={step.seq}",
        number=step.seq,
        icon=icon,
        tone="err" if step.failed and not is_expired(call) else tone,
        name=name(step, call, effects),
        is_code=call is not None,
        started_at=step.started_at,
        finished_at=step.finished_at,
        note=note(step, call),
        label=label(step, call),
        position=step.position,
    )
    waited = wait(call, step.started_at, row.key) if call else None
    return [waited, row] if waited else [row]


def of_open_call(call: ToolCall, now: datetime, is_stopped: bool) -> list[Row]:
    """A call without an outcome yet: it waits for people, a stop holds it, or it is under way."""
    key = f"call={call.pk}"
    if call.started_at is None:
        free_at = call.effective_at or call.created_at
        is_free = call.status == CallStatus.READY
        held = stopped(call, free_at, now, key) if is_free and is_stopped else None
        waited = wait(call, min(free_at, now) if is_free else now, key)
        return [row for row in (waited, held, ahead(call, now, key, is_held=held is not None)) if row]
    tone = "gate" if call.status == CallStatus.IN_DOUBT else "tool"
    said = "in doubt" if call.status == CallStatus.IN_DOUBT else "under way"
    running = Row(key, None, "tool", tone, call.tool, call.started_at, now, is_code=True, label=said, is_under_way=True,
                  position=call.position)  # fmt: skip
    waited = wait(call, call.started_at, key)
    return [waited, running] if waited else [running]


def over(call: ToolCall, until: datetime) -> Row:
    """The wait of a call that ended with its run."""
    said = "approved" if call.effective_at else SAID[CallStatus.CANCELLED]
    return of_wait(call, min(call.effective_at or until, until), f"call={call.pk}", said)


def stopped(call: ToolCall, since: datetime, now: datetime, key: str) -> Row:
    """The time in which nothing but a stop held the call."""
    return Row(
        key,
        None,
        "clock",
        "gate",
        "Held by a stop",
        since,
        max(since, now),
        note=call.tool,
        label="until somebody lets it go on",
        is_under_way=True,
        position=call.position,
    )


def ahead(call: ToolCall, now: datetime, key: str, *, is_held: bool) -> Row | None:
    """What is still to come: the call itself, once it may start."""
    if call.status not in AHEAD or call.tool == QUESTION.name:
        return None
    return Row(
        key,
        None,
        "tool",
        "tool",
        call.tool,
        now,
        now,
        is_code=True,
        note="after the stop" if is_held else AHEAD[CallStatus(call.status)],
        is_ahead=True,
        position=call.position,
    )


def wait(call: ToolCall, until: datetime, key: str) -> Row | None:
    """The time in which people held the call; None where rules let it through at once."""
    if call.effective_at is None and call.status not in BY_PEOPLE:
        return None
    if call.status == CallStatus.WAITING:
        return of_wait(call, until, key, "still open", is_under_way=True)
    return of_wait(call, until, key, SAID.get(CallStatus(call.status), "approved"))


def of_wait(call: ToolCall, until: datetime, key: str, said: str, *, is_under_way: bool = False) -> Row:
    """The row of such a time."""
    return Row(
        key,
        None,
        "gate",
        "gate",
        "Waiting for an answer" if call.tool == QUESTION.name else "Waiting for approval",
        call.created_at,
        until,
        note=call.tool,
        label=said,
        is_under_way=is_under_way,
        position=call.position,
    )


def thinking(since: datetime, now: datetime) -> Row:
    """The turn that a model is at, of which nothing is committed yet."""
    return Row("turn", None, "spark", "llm", "Model turn", since, now, label="under way", is_under_way=True)


def ended(at: datetime, until: datetime, who: str, why: str) -> Row:
    """That somebody ended the run."""
    name = f"Cancelled by {who}" if who else "Cancelled"
    return Row("end", None, "x", "err", name, at, max(at, until), label=clip(why, 80))


def shared(row: Row, forked_seq: int) -> Row:
    """The row of a fork; of what happened before it, in the run that it was forked from, it says so."""
    kind, _, seq = row.key.partition("=")
    if kind != "step" or int(seq) > forked_seq:
        return row
    return replace(row, label=f"{row.label}, before the fork".removeprefix(", "), is_shared=True)


def note(step: Step, call: ToolCall | None) -> str:
    """The small words behind the name."""
    if call:
        return f"attempt {call.attempt}" if call.attempt > 1 else ""
    if step.kind == "branch":
        return str(step.outcome.get("chosen", ""))
    if step.kind != "model" or step.failed:
        return ""
    is_scripted = step.outcome.get("provider") == "scripted"
    return "scripted" if is_scripted else str(step.outcome.get("model", ""))


def is_expired(call: ToolCall | None) -> bool:
    """Whether nobody decided in time, which is nobody's refusal and no failure of the tool."""
    return call is not None and call.status == CallStatus.EXPIRED


def label(step: Step, call: ToolCall | None) -> str:
    """The words on the lane."""
    if is_expired(call):
        return "expired, not done"
    if call and standing.stand_in(call):
        return standing.of_call(call).word.lower()
    if step.failed:
        return failure(step.outcome)
    if call:
        return "ok" if call.status == CallStatus.SUCCEEDED else str(call.get_status_display()).lower()
    return tokens(step.outcome) if step.kind == "model" and step.tokens else ""


def failure(outcome: Any) -> str:
    """Failed, timeout: with the kind of the error, where it has one."""
    error = outcome.get("error", outcome) if isinstance(outcome, dict) else None
    kind = error.get("type", "") if isinstance(error, dict) else ""
    return f"failed, {kind}".replace("_", " ") if kind else "failed"


def tokens(outcome: Any) -> str:
    """1.9k tok, 71% cached, 2 attempts."""
    usage = outcome.get("usage", {})
    total, cached = sum(usage.values()), usage.get("cache_read", 0)
    read = total - usage.get("output", 0)
    said = [f"{total / 1000:.1f}k tok" if total >= 1000 else f"{total} tok"]
    said += [f"{cached / read:.0%} cached"] if cached and read else []
    tries = len(outcome.get("attempts", []))
    return ", ".join([*said, *([f"{tries} attempts"] if tries > 1 else [])])
