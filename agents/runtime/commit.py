"""A segment on its way to the one statement: rows, proposed calls, and where the run goes."""

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from agents.runtime.drive import Row
from agents.runtime.text import dumps
from agents.tools.raise_budget import RAISE_BUDGET

if TYPE_CHECKING:
    from agents.runtime.claim import Claim

ENDS = frozenset({"succeeded", "failed", "cancelled"})


@dataclass(slots=True)
class ProposedCall:
    """A tool call to insert, with the status that the gate's verdict gives it."""

    position: str
    provider_id: str
    tool: str
    title: str
    effect: str
    reaches: str
    status: str
    why: str
    args: bytes
    digest: bytes
    schema_digest: bytes | None = None
    rules_epoch: int = 0
    verdict: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class ProposedChild:
    """A run to insert as a child of this one."""

    position: str
    agent_id: int
    version_id: int
    flow: str
    revision: int
    input: str
    title: str


@dataclass(slots=True)
class Segment:
    """What one commit writes. `statuses` says how the calls at these positions ended."""

    rows: list[Row]
    to: str
    calls: list[ProposedCall] = field(default_factory=list)
    children: list[ProposedChild] = field(default_factory=list)
    statuses: dict[str, str] = field(default_factory=dict)
    doubts: dict[str, str] = field(default_factory=dict)
    taken: dict[int, str] = field(default_factory=dict)
    due: float | None = None
    cost: int = 0
    tool_calls: int = 0
    seconds: float = 0.0
    result: str | None = None
    error: dict[str, Any] | None = None
    ended_by: str = ""
    settlement: dict[str, Any] | None = None

    @property
    def tokens(self) -> int:
        return sum(row.tokens for row in self.rows)

    @property
    def opens(self) -> bool:
        """Whether something starts to wait for people."""
        return bool(self.doubts) or any(call.status == "waiting" for call in self.calls)

    @property
    def touches_relatives(self) -> bool:
        """Whether children start, or the run ends: its parent is woken then, and its children are cancelled."""
        return bool(self.children) or self.ends

    @property
    def is_over_budget(self) -> bool:
        """Whether a limit ends the run, or the run asks for more."""
        asks = any(call.tool == RAISE_BUDGET.name for call in self.calls)
        return asks or self.ended_by not in ("", "recording")

    @property
    def ends(self) -> bool:
        return self.to in ENDS


def span_id(run_id: UUID, seq: int) -> int:
    """The id of a run's span for one step, 63 bits; step 0 is the run itself."""
    return int.from_bytes(hashlib.sha256(run_id.bytes + seq.to_bytes(8)).digest()[:8]) >> 1


def parameters(claim: "Claim", segment: Segment) -> dict[str, Any]:
    """The values of `statements.COMMIT`, but for the lease. Empty arrays, most of them, go as null, for less."""
    values = (
        _moves(claim, segment)
        | _steps(claim, segment.rows, segment.statuses)
        | _proposals(claim, segment.calls)
        | _children(segment.children)
        | _inbox(segment)
    )
    return {name: None if value == [] else value for name, value in values.items()}


def _moves(claim: "Claim", segment: Segment) -> dict[str, Any]:
    return {
        "run": claim.id,
        "epoch": claim.epoch,
        "seq": claim.seq,
        "count": len(segment.rows),
        "to": segment.to,
        "due": segment.due,
        "tokens": segment.tokens,
        "cost": segment.cost,
        "result": segment.result,
        "error": dumps(segment.error) if segment.error else None,
        "ended_by": segment.ended_by,
        "trace": claim.trace_id,
        "root_span": span_id(claim.id, 0),
        "parent": claim.parent_id,
        "parent_span": span_id(claim.parent_id, 0) if claim.parent_id else 0,
        "agent": claim.agent_name,
        "doubted": list(segment.doubts),
        "doubts": list(segment.doubts.values()),
    }


def _steps(claim: "Claim", rows: list[Row], statuses: dict[str, str]) -> dict[str, Any]:
    now = claim.clock.moment()
    return {
        "seqs": [row.seq for row in rows],
        "positions": [row.position for row in rows],
        "kinds": [row.kind for row in rows],
        "requests": [row.request for row in rows],
        "outcomes": [row.outcome.stored for row in rows],
        "failed": [row.outcome.failed for row in rows],
        "states": [row.state for row in rows],
        "messages": [row.messages for row in rows],
        "keyframes": [row.keyframe for row in rows],
        "row_tokens": [row.tokens for row in rows],
        "started": [row.started_at or now for row in rows],
        "names": [row.name or row.kind for row in rows],
        "span_ids": [span_id(claim.id, row.seq) for row in rows],
        "call_statuses": [statuses.get(row.position) for row in rows],
    }


def _proposals(claim: "Claim", calls: list[ProposedCall]) -> dict[str, Any]:
    return {
        "call_positions": [call.position for call in calls],
        "provider_ids": [call.provider_id for call in calls],
        "tools": [call.tool for call in calls],
        "titles": [call.title for call in calls],
        "effects": [call.effect for call in calls],
        "reaches": [call.reaches for call in calls],
        "statuses": [call.status for call in calls],
        "whys": [call.why for call in calls],
        "args": [claim.keep(call.args.decode()).encode() for call in calls],
        "digests": [call.digest for call in calls],
        "schema_digests": [call.schema_digest for call in calls],
        "rules_epochs": [call.rules_epoch for call in calls],
        "verdicts": [dumps(call.verdict) for call in calls],
        "facts": [dumps(call.facts) for call in calls],
        "call_outcomes": [call.outcome for call in calls],
    }


def _children(children: list[ProposedChild]) -> dict[str, Any]:
    return {
        "child_positions": [child.position for child in children],
        "child_agents": [child.agent_id for child in children],
        "child_versions": [child.version_id for child in children],
        "child_flows": [child.flow for child in children],
        "child_revisions": [child.revision for child in children],
        "child_inputs": [child.input for child in children],
        "child_titles": [child.title for child in children],
    }


def _inbox(segment: Segment) -> dict[str, Any]:
    seqs = {row.position: row.seq for row in segment.rows}
    return {"taken": list(segment.taken), "taken_seqs": [seqs[place] for place in segment.taken.values()]}
