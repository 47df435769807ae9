"""The calls of a run as a list: what became of each, when, and who said so."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from agents.models import CallStatus, ToolCall
from agents.reading import Step
from console import standing
from console.standing import Standing
from reviews.models import Decision

WHEN = {
    CallStatus.SUCCEEDED: "done",
    CallStatus.EXECUTING: "began",
    CallStatus.IN_DOUBT: "began",
}
VERDICTS = {"approve": "approved", "edit": "edited", "reject": "rejected", "respond": "answered instead"}


@dataclass(frozen=True, slots=True)
class Made:
    """A call: how it stands, at which moment, and what people decided about it."""

    call: ToolCall
    standing: Standing
    words: str
    at: datetime
    decided: str


def calls(made: Sequence[ToolCall], steps: Iterable[Step]) -> list[Made]:
    """Each of these calls; `steps` know when reads were done."""
    said, ended = decided(made), {step.seq: step.finished_at for step in steps}
    return [
        Made(call, standing.of_call(call), *moment(call, ended.get(call.seq or 0)), said.get(str(call.pk), ""))
        for call in made
    ]


def moment(call: ToolCall, committed_at: datetime | None) -> tuple[str, datetime]:
    """When what the list says of the call came true, and the word for it."""
    began = call.started_at if call.status in (CallStatus.EXECUTING, CallStatus.IN_DOUBT) else None
    decided_at = call.effective_at if call.status in (CallStatus.REJECTED, CallStatus.ANSWERED) else None
    at = call.finished_at or began or committed_at or decided_at
    if at is None:
        return "proposed", call.created_at
    stood_in = "answered" if standing.stand_in(call) else ""
    return stood_in or WHEN.get(CallStatus(call.status), call.get_status_display().lower()), at


def decided(made: Sequence[ToolCall]) -> dict[str, str]:
    """What people decided, by call: approved by Ana Costa and Ben Okafor."""
    found = Decision.objects.filter(approval__tool_call__in=made, undone_at=None, kind__in=VERDICTS)
    by_call: dict[str, dict[str, list[str]]] = {}
    for call, kind, name in found.order_by("pk").values_list("approval__tool_call", "kind", "person__name"):
        names = by_call.setdefault(str(call), {}).setdefault(VERDICTS[kind], [])
        names += [name] if name not in names else []
    return {call: "; ".join(worded(verb, names) for verb, names in kinds.items()) for call, kinds in by_call.items()}


def worded(verb: str, names: list[str]) -> str:
    """Approved by Ana Costa and Ben Okafor."""
    return f"{verb} by {' and '.join(names)}"
