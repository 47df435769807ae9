"""The seam between running and permission: the runtime asks `settings.GATE`, and does not know who answers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, Protocol
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from agents.models import ToolCall
from agents.models.tool_call import Resolution
from agents.tools.spec import ToolSpec
from workspaces.exceptions import Forbidden
from workspaces.principal import Principal


@dataclass(frozen=True, slots=True)
class Proposal:
    """A call that an agent proposes, as the gate sees it."""

    workspace_id: int
    run_id: UUID
    agent: str
    agent_version_id: int
    started_by_id: int | None
    started_by: str | None
    labels: dict[str, Any]
    steps: int
    cost: int
    tool: ToolSpec
    arguments: dict[str, Any]
    args: bytes
    digest: bytes
    rules_epoch: int
    call_id: UUID | None = None
    heard: Callable[[], Iterable[dict[str, Any]]] = tuple
    """The messages of its conversations until now; known only when it is proposed."""
    held: str = ""
    """Why people are asked, whatever the rules allow."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says: `stands` marks that an approval which was already given still covers the call."""

    decision: Literal["allow", "ask", "deny"]
    why: str = ""
    explanation: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    stands: bool = False


class Gate(Protocol):
    """Two phases: `check` before the commit, outside any transaction; `opened` and `closed` inside the commit's.

    `resolve` says what became of a call in doubt, with the rights that this gate demands.
    """

    def check(self, proposal: Proposal) -> Verdict: ...

    def opened(self, call_ids: list[UUID]) -> None: ...

    def closed(self, call_ids: list[UUID]) -> None: ...

    def resolve(
        self, call: ToolCall, *, by: Principal, kind: Resolution, digest: bytes, result: Any, reason: str
    ) -> None: ...


class AllowAll:
    """The gate of an installation without reviews: everything may run, questions and doubts wait for the API."""

    def check(self, proposal: Proposal) -> Verdict:
        return Verdict("allow", "No rules are installed.", stands=True)

    def opened(self, call_ids: list[UUID]) -> None:
        return None

    def closed(self, call_ids: list[UUID]) -> None:
        return None

    def resolve(
        self, call: ToolCall, *, by: Principal, kind: Resolution, digest: bytes, result: Any, reason: str
    ) -> None:
        if not by.may("vote"):
            raise Forbidden(f"{by.name} may not say what became of a call: this needs an approver.")
        call.resolve(kind, by=by, digest=digest, result=result, reason=reason)


@cache
def _gate(path: str) -> Gate:
    gate: Gate = import_string(path)()
    return gate


def gate() -> Gate:
    """The gate that settings name."""
    return _gate(settings.GATE)
