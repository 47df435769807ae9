"""A segment on its way to the one statement: rows, proposed calls, and where the run goes."""

import hashlib
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any
from uuid import UUID

from agents.runtime.row import Row
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


AS_THEY_ARE = {column.name for column in fields(ProposedCall)} - {"args", "digest", "schema_digest"}


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


def parts(claim: "Claim", segment: Segment) -> frozenset[str]:
    """Which of `commit_sql.PARTS` this segment needs."""
    needed = {
        "above": segment.ends and claim.parent_id,
        "steps": segment.rows,
        "settled": segment.statuses,
        "doubted": segment.doubts,
        "proposed": segment.calls,
        "taken": segment.taken,
        "children": segment.children,
        "ended": segment.ends,
        "woken": segment.ends and claim.parent_id,
    }
    return frozenset(name for name, need in needed.items() if need)


def parameters(claim: "Claim", segment: Segment) -> dict[str, Any]:
    """The values of `commit_sql.commit_statement`, but for the lease; rows as JSON."""
    doubts = [{"position": position, "why": why} for position, why in segment.doubts.items()]
    return _moves(claim, segment) | {
        "steps": dumps([_step(claim, row, segment) for row in segment.rows]),
        "calls": segment.calls and dumps([_call(claim, call) for call in segment.calls]),
        "children": segment.children and dumps([asdict(child) for child in segment.children]),
        "doubts": doubts and dumps(doubts),
        "taken": segment.taken and dumps(_taken(segment)),
        "positions": [row.position for row in segment.rows],
    }


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
        "root_span": claim.root_span,
        "parent": claim.parent_id,
        "parent_span": span_id(claim.parent_id, 0) if claim.parent_id else 0,
        "agent": claim.agent_name,
    }


def _step(claim: "Claim", row: Row, segment: Segment) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "position": row.position,
        "kind": row.kind,
        "request": row.request.hex(),
        "outcome": row.outcome.stored,
        "failed": row.outcome.failed,
        "state": row.state,
        "messages": row.messages,
        "keyframe": row.keyframe,
        "tokens": row.tokens,
        "started": (row.started_at or claim.clock.moment()).isoformat(),
        "name": row.name or row.kind,
        "span": span_id(claim.id, row.seq),
        "status": segment.statuses.get(row.position),
    }


def _call(claim: "Claim", call: ProposedCall) -> dict[str, Any]:
    return {name: getattr(call, name) for name in AS_THEY_ARE} | {
        "args": claim.keep(call.args.decode()),
        "digest": call.digest.hex(),
        "schema_digest": call.schema_digest.hex() if call.schema_digest else None,
    }


def _taken(segment: Segment) -> list[dict[str, Any]]:
    seqs = {row.position: row.seq for row in segment.rows}
    return [{"id": message, "seq": seqs[place]} for message, place in segment.taken.items()]
