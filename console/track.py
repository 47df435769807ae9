"""The checkpoint track: the committed steps around the chosen one, then what waits for people."""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.models import Run, ToolCall
from agents.reading import Step
from console.standing import WITH_PEOPLE
from console.steps import HIDDEN, Effects, effects_of, name

LENGTH = 18


@dataclass(frozen=True, slots=True)
class Stop:
    """One mark on the track."""

    key: str
    name: str
    shape: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Track:
    """The marks, and where the buttons beside them lead; 0 leads nowhere."""

    stops: list[Stop]
    first: int
    previous: int
    next: int
    last: int


def track(run: Run, steps: Sequence[Step], calls: Sequence[ToolCall], chosen: int) -> Track:
    """The track of a run."""
    shown = [step for step in steps if step.kind not in HIDDEN]
    index = next((n for n, step in enumerate(shown) if step.seq >= chosen), len(shown) - 1)
    begin = max(0, min(index - LENGTH // 2, len(shown) - LENGTH))
    window = shown[begin : begin + LENGTH]
    made, effects = {call.seq: call for call in calls}, effects_of(calls)
    stops = [stop(step, made.get(step.seq), effects, is_chosen=step.seq == chosen) for step in window]
    if window and window[-1] is shown[-1]:
        stops += [Stop(f"call={call.pk}", f"{call.tool} waits for approval", "gate") for call in calls if holds(call)]
    before = shown[index - 1].seq if index > 0 else 0
    after = shown[index + 1].seq if index + 1 < len(shown) else 0
    return Track(stops, 1 if chosen > 1 else 0, before, after, run.seq if chosen < run.seq else 0)


def stop(step: Step, call: ToolCall | None, effects: Effects, *, is_chosen: bool) -> Stop:
    """The mark of a committed step."""
    shape = "fail" if step.failed else "tool" if step.kind in ("tool", "start") else "turn"
    return Stop(f"step={step.seq}", f"Step {step.seq}: {name(step, call, effects)}", shape, is_chosen)


def holds(call: ToolCall) -> bool:
    """Whether people hold this call up."""
    return call.seq is None and call.status in WITH_PEOPLE
