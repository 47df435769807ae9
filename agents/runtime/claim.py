"""A worker's hold on one run: taken, renewed and given up by single statements, each fenced by the epoch."""

import logging
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any
from uuid import UUID

from django.db import transaction

from agents import blobs
from agents.exceptions import LostClaim
from agents.models import Line
from agents.runtime import commit_sql, database, statements
from agents.runtime.budgets.spending import settle
from agents.runtime.clock import DatabaseClock
from agents.runtime.commit import Segment, parameters, parts, span_id
from agents.runtime.crash import crashpoint
from agents.runtime.fairness import computing
from agents.runtime.flow import served
from agents.runtime.gate import gate
from agents.runtime.row import Row
from workspaces import events, hints, logs, tally

LEASE_SECONDS = 5.0
MARGIN_SECONDS = 2.0
MAX_LAPSES = 2  # takeovers; the claim before them has lapsed too: three in a row

log = logging.getLogger(__name__)
OWNER = f"{socket.gethostname()}:{os.getpid()}"


@dataclass(slots=True)
class Call:
    """An open tool call as the runtime reads it."""

    id: UUID
    position: str
    provider_id: str
    tool: str
    effect: str
    reaches: str
    status: str
    decided: str
    why: str
    args: bytes
    digest: bytes
    schema_digest: bytes | None
    edited: bool
    attempt: int
    epoch: int | None
    rules_epoch: int
    outcome: str | None
    facts: str
    effective: float | None
    valid_until: float | None
    deadline: float | None
    now: float


@dataclass(slots=True)
class News:
    """What a look at the run found."""

    calls: list[Call]
    inbox: list[tuple[int, str]]


@dataclass(eq=False)
class Claim:
    """One claim of one run. Every method raises LostClaim when the fence is gone."""

    id: UUID
    workspace_id: int
    epoch: int
    seq: int
    flow: str
    revision: int
    input: str
    history: str | None
    thread_id: UUID | None
    version_id: int
    agent_id: int
    agent_name: str
    tokens: int
    cost: int
    recording_id: int | None
    trace_id: UUID
    started_by_id: int | None
    parent_id: UUID | None
    depth: int
    started_by: str | None
    labels: dict[str, Any]
    fork_mode: str
    lineage: str | None
    began: float
    cancelling: bool
    pausing: bool
    rules_epoch: int
    stopped_tools: list[str]
    clock: DatabaseClock
    status: str = "running"
    woken: bool = False
    stopped: bool = False
    call_ids: dict[str, UUID] = field(default_factory=dict)
    child_ids: dict[str, UUID] = field(default_factory=dict)

    @classmethod
    def take(cls, run_id: UUID | str) -> "Claim | None":
        """Claim the run, or None: not due, not served here, stopped, or somebody else's."""
        found = database.row(
            statements.CLAIM, run=run_id, owner=OWNER, lease=LEASE_SECONDS, max_lapses=MAX_LAPSES, served=served()
        )
        if found is None:
            return None
        clock = DatabaseClock(found.pop("now"))
        claim = cls(**found, clock=clock)
        tally.add("claims")
        crashpoint("claimed")
        return claim

    @property
    def resting(self) -> bool:
        """Whether people have asked this run to end or to pause: it begins nothing more."""
        return self.cancelling or self.pausing

    @cached_property
    def line(self) -> Line | None:
        """What it was forked from, if it is a fork."""
        return Line.read(self.lineage) if self.lineage else None

    @cached_property
    def root_span(self) -> int:
        """The span of the run itself."""
        return span_id(self.id, 0)

    # --- reading ---

    def news(self, *, fresh: bool = False) -> News:
        """Open calls and untaken messages; unless the claim is fresh, news is taken note of before it is read."""
        if not fresh:
            looked = database.row(statements.LOOK, run=self.id, epoch=self.epoch)
            if looked is None:
                raise LostClaim
            self.cancelling, self.pausing, self.woken = looked["cancelling"], looked["pausing"], False
        found = database.rows(statements.CALLS, run=self.id)
        calls = [Call(**call | {"args": blobs.read_bytes(bytes(call["args"]))}) for call in found]
        inbox = [(found["id"], found["content"]) for found in database.rows(statements.INBOX, run=self.id)]
        return News(calls, inbox)

    # --- moving ---

    def commit(self, segment: Segment) -> None:
        """Commit a segment in one statement; in a transaction only where something opens, closes or is settled too."""
        self._keep_large(segment.rows)
        segment.result = segment.result and self.keep(segment.result)
        crashpoint("before_park" if segment.to == "waiting" else "before_commit")
        self._moved(segment, database.repeated(lambda: self._commit_whole(segment)))
        crashpoint("committed")

    def keep(self, text: str) -> str:
        """What stands for this text in the journal: itself, or a reference where it is large."""
        return blobs.keep(text, self.workspace_id, self.id)

    def _keep_large(self, rows: list[Row]) -> None:
        for row in rows:
            row.outcome.keep(self.keep)
            row.state, row.messages, row.keyframe = (
                text and self.keep(text) for text in (row.state, row.messages, row.keyframe)
            )

    def _commit_whole(self, segment: Segment) -> database.Row:
        committed = self._committed(segment)
        if not (segment.opens or segment.ends or segment.settlement or segment.is_over_budget):
            with computing.lent():
                return self._unless_lost(committed())
        with transaction.atomic():
            answer = self._unless_lost(committed())
            self._tell_gate(segment, answer)
            self._settle(segment)
        return answer

    def _committed(self, segment: Segment) -> Callable[[], database.Row | None]:
        statement = commit_sql.commit_statement(parts(self, segment), goes_on=segment.to == "running")
        return partial(database.row, statement, **parameters(self, segment), lease=LEASE_SECONDS)

    def _unless_lost(self, answer: database.Row | None) -> database.Row:
        if answer is None:
            raise LostClaim
        return answer

    def _tell_gate(self, segment: Segment, answer: database.Row) -> None:
        ids = _ids(answer.get("proposed"))
        waiting = [ids[call.position] for call in segment.calls if call.status == "waiting"]
        if opened := waiting + (answer.get("doubted") or []):
            gate().opened(opened)
        if dropped := answer.get("dropped"):
            gate().closed(dropped)

    def _settle(self, segment: Segment) -> None:
        if segment.settlement:
            settle(segment.settlement)
        if segment.is_over_budget:
            events.record(self.workspace_id, "run", "run.over_budget", self.id)

    def _moved(self, segment: Segment, answer: database.Row) -> None:
        self.seq += len(segment.rows)
        self.tokens, self.cost = self.tokens + segment.tokens, self.cost + segment.cost
        was_woken = segment.to != "running" and answer["status"] == "running"  # no rest was granted: there is news
        self.status, self.woken, self.stopped = answer["status"], answer["woken"] or was_woken, answer["stopped"]
        self.rules_epoch, self.stopped_tools = answer["rules_epoch"], answer["stopped_tools"]
        self.call_ids, self.child_ids = _ids(answer.get("proposed")), _ids(answer.get("children"))
        tally.add_all(_counted(segment))
        logs.note(seq=self.seq)
        hints.page("run", self.id, self.status, self.workspace_id)
        relatives = [*self.child_ids.values(), *(answer.get("orphaned") or [])]
        for run_id in relatives + ([self.parent_id] if segment.ends and self.parent_id else []):
            hints.after_commit("agents.advance_run", str(run_id))

    def start(self, call: Call, *, timeout: float) -> int | None:
        """Write the intent of a keyed or unsafe call: its attempt number, or None where `refusal` says why not."""
        crashpoint("before_start")
        started = database.row(
            statements.START,
            **self._naming(call),
            workspace=self.workspace_id,
            timeout=timeout,
            margin=MARGIN_SECONDS,
        )
        crashpoint("started")
        if started is None:
            return None
        with logs.about(tool_call=call.id, attempt=started["attempt"]):
            log.info("The call of %s starts.", call.tool)
        return int(started["attempt"])

    def refusal(self, call: Call) -> database.Row:
        """Why a start was refused, as flags; raises LostClaim."""
        why = database.row(statements.REFUSAL, **self._naming(call))
        if why is None or why["lost"]:
            raise LostClaim
        return why

    def _naming(self, call: Call) -> dict[str, Any]:
        return {
            "run": self.id,
            "epoch": self.epoch,
            "call": call.id,
            "agent": self.agent_name,
            "tool": call.tool,
            "digest": call.digest,
            "rules_epoch": call.rules_epoch,
        }

    def rejudge(self, call: Call, **changes: Any) -> None:
        """Write the gate's second verdict on a call that has not started; a waiting one opens its approval again."""
        database.repeated(lambda: self._rejudge(call, changes))

    @transaction.atomic
    def _rejudge(self, call: Call, changes: dict[str, Any]) -> None:
        if database.row(statements.REJUDGE, run=self.id, epoch=self.epoch, call=call.id, **changes) is None:
            raise LostClaim
        if changes["status"] == "waiting":
            gate().opened([call.id])

    def reaffirm(self, call: Call, *, verdict: str, **changes: Any) -> None:
        """The decision stands under newer rules, and for the tool as it is now; what it rests on may be another."""
        about = {"run": self.id, "epoch": self.epoch, "call": call.id, "verdict": verdict}
        if not database.row(statements.REAFFIRM, **about, **changes):
            raise LostClaim
        for name, value in changes.items():
            setattr(call, name, value)

    def unstart(self, call: Call) -> None:
        """The intent of a call that was certainly never entered is taken back."""
        if not database.row(statements.UNSTART, run=self.id, epoch=self.epoch, call=call.id):
            raise LostClaim


def _ids(proposed: list[str] | None) -> dict[str, UUID]:
    pairs = (entry.split(" ") for entry in proposed or [])
    return {position: UUID(call) for position, call in pairs}


def _counted(segment: Segment) -> dict[str, int]:
    ended = {f"runs_{segment.to}": 1} if segment.ends else {}
    return {"steps": len(segment.rows), "tokens": segment.tokens, "cost": segment.cost} | ended
