"""What the inspector shows of the chosen step: its facts, its messages, and what it changed in the state."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from agents import blobs, reading
from agents.models import Run, ToolCall
from agents.reading import Step
from agents.runtime.text import loads
from console import prose, steps, talk
from console.prose import Line
from reviews.models import ApprovalRequest

PARTS = {"step": "Step", "state": "State", "messages": "Messages", "json": "JSON"}
FORK = "fork"  # the form for a fork from the step, in the place of its parts


@dataclass
class Inspected:
    """One step of a run, or a call that has no outcome yet; everything is read when it is asked for."""

    run: Run
    step: Step | None
    call: ToolCall | None
    effects: steps.Effects

    @property
    def seq(self) -> int:
        """The step whose state is shown."""
        return self.step.seq if self.step else self.run.seq

    @property
    def name(self) -> str:
        """What it is called."""
        if self.step:
            return steps.name(self.step, self.call, self.effects)
        return self.call.tool if self.call else "Nothing yet"

    @property
    def icon(self) -> tuple[str, str]:
        """Drawing and tone."""
        kind = "tool" if self.call else self.step.kind if self.step else "start"
        return steps.ICONS.get(kind, ("runs", "run"))

    @property
    def outcome(self) -> Any:
        """What the step came to."""
        return self.step.outcome if self.step else None

    @property
    def json(self) -> list[Line]:
        """The outcome as it is stored."""
        return prose.lines(self.outcome)

    @property
    def task(self) -> list[Line]:
        """What the run was started with."""
        return prose.lines(loads(blobs.read(self.run.input)))

    @cached_property
    def state(self) -> Any:
        """The state after this step."""
        return reading.state_at(self.run, self.seq)

    @property
    def state_lines(self) -> list[Line]:
        """The whole state."""
        return prose.lines(self.state)

    @property
    def change(self) -> list[Line]:
        """What this step changed in the state."""
        before = reading.state_at(self.run, self.seq - 1) if self.seq > 1 else None
        return prose.difference(before, self.state)

    @property
    def said(self) -> list[talk.Turn]:
        """What this step added to the conversation."""
        return talk.turns(reading.said_in(self.run, self.seq), self.run.agent.name)

    # --- the parts of a model turn ---

    @property
    def turn(self) -> list[talk.Piece]:
        """What the model said."""
        return [talk.piece(block) for block in self.outcome.get("blocks", [])]

    @property
    def attempts(self) -> list[dict[str, Any]]:
        """What it took to get the reply: each provider, model, and how it went."""
        return list(self.outcome.get("attempts", []))

    @property
    def usage(self) -> dict[str, int]:
        """The four counters, disjoint."""
        counted: dict[str, int] = self.outcome.get("usage", {})
        return counted

    # --- the parts of a tool call ---

    @cached_property
    def approval(self) -> ApprovalRequest | None:
        """The latest request to people about the call."""
        return self.call.approvals.order_by("-pk").first() if self.call else None

    @property
    def arguments(self) -> list[Line]:
        """The arguments that are shown, approved and executed."""
        return prose.lines(loads(bytes(self.call.args))) if self.call else []

    @property
    def result(self) -> list[Line]:
        """What came of the call."""
        said = self.outcome or (loads(self.call.outcome) if self.call and self.call.outcome else None)
        if not said:
            return []
        return prose.lines(said["value"] if "value" in said else said.get("error"))

    @property
    def report(self) -> list[Line]:
        """What a worker learned too late."""
        return prose.lines(self.call.late_report) if self.call else []
