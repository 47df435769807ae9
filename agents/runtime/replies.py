"""What flows get from the model and from tools."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from agents.exceptions import EffectFailed
from agents.runtime.effects import Outcome


@dataclass(frozen=True, slots=True)
class Reply:
    """One model turn: its content blocks, and why it stopped."""

    blocks: list[dict[str, Any]]
    stop: str

    @property
    def text(self) -> str:
        return "".join(block["text"] for block in self.blocks if block["type"] == "text")

    @property
    def tool_calls(self) -> list[dict[str, Any]]:
        return [block for block in self.blocks if block["type"] == "tool_use"]

    @classmethod
    def of(cls, outcome: Outcome) -> "Reply":
        value = outcome.value
        if outcome.failed:
            raise EffectFailed(value)
        return cls(value["blocks"], value.get("stop") or "")


class CallOutcome:
    """How a tool call ended: `status` is the call's, `value` is what came back, `error` what went wrong.

    A large value is loaded when somebody looks: a flow that only passes results on never does.
    """

    def __init__(self, outcome: Outcome):
        self._outcome = outcome

    @cached_property
    def _said(self) -> dict[str, Any]:
        said: dict[str, Any] = self._outcome.value
        return said

    @property
    def status(self) -> str:
        return str(self._said["status"])

    @property
    def value(self) -> Any:
        return self._said.get("value")

    @property
    def error(self) -> dict[str, Any] | None:
        return self._said.get("error")

    @property
    def failed(self) -> bool:
        return self._outcome.failed

    def value_or_raise(self) -> Any:
        if self.failed:
            raise EffectFailed(self.error or {"type": self.status, "message": f"The call was {self.status}."})
        return self.value


def refusals(calls: list[dict[str, Any]], most: int) -> list[dict[str, Any] | None]:
    """For each call of a turn why it is not made, or None: its id was there before, or there are too many."""
    seen: set[str] = set()
    found: list[dict[str, Any] | None] = []
    for index, call in enumerate(calls):
        found.append(_refusal(index, call.get("id", ""), seen, most))
        seen.add(call.get("id", ""))
    return found


def _refusal(index: int, provider_id: str, seen: set[str], most: int) -> dict[str, Any] | None:
    if index >= most:
        message = f"At most {most} calls are made in one turn; this one was not made. Ask for it again, with fewer."
        return {"type": "too_many_calls", "message": message, "retryable": True}
    if provider_id and provider_id in seen:
        message = f"The id {provider_id!r} was used twice in this turn; only the first call of that id was made."
        return {"type": "repeated_id", "message": message, "retryable": True}
    return None
