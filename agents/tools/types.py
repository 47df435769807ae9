"""What goes into the performing of a tool call, and what comes out."""

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

Effect = Literal["read", "keyed", "unsafe"]
Reach = Literal["inside", "outside"]


@dataclass(frozen=True, slots=True)
class CallContext:
    """Which call this is; a tool receives it by declaring a first parameter `context: CallContext`.

    `key` is the idempotency key, the same over all attempts; `acting_for` is the person in whose name the run acts.
    """

    call_id: UUID
    attempt: int
    run_id: UUID
    workspace_id: int
    key: str
    acting_for: int | None = None

    def named(self) -> dict[str, object]:
        """What log lines of this call carry."""
        return {
            "run_id": self.run_id,
            "workspace": self.workspace_id,
            "tool_call": self.call_id,
            "attempt": self.attempt,
        }


@dataclass(frozen=True, slots=True)
class ToolResult:
    """How a call ended. `unknown` means that nobody can say whether it happened."""

    kind: Literal["succeeded", "failed", "unknown"]
    value: str | None = None
    """Canonical JSON text, where it succeeded."""
    error: dict[str, Any] | None = None
    """{type, message, retryable, …}, where it did not."""


def failed(type: str, message: str, *, retryable: bool = False, **more: Any) -> ToolResult:
    """It certainly did not happen."""
    return ToolResult("failed", error={"type": type, "message": message, "retryable": retryable, **more})


def lost(effect: Effect, type: str, message: str, **more: Any) -> ToolResult:
    """No outcome came back: for a read that is a failure, for anything else nobody knows whether it happened."""
    error = {"type": type, "message": message, "retryable": effect != "unsafe", **more}
    return ToolResult("failed" if effect == "read" else "unknown", error=error)
