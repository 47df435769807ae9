"""Performing what a flow asks for: models, reads, and the start, retry and doubt of keyed and unsafe calls."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from agents import gateway
from agents.gateway.types import ModelRequest
from agents.runtime.claim import MARGIN_SECONDS, Call, Claim, News
from agents.runtime.clock import boot
from agents.runtime.commit import ProposedCall, Segment
from agents.runtime.crash import crashpoint
from agents.runtime.drive import Drive
from agents.runtime.effects import Effect, Outcome
from agents.runtime.outcomes import Ended, of_tool
from agents.runtime.propose import Proposing, denied
from agents.runtime.text import dumps, loads
from agents.runtime.version import Version, for_model, recording
from agents.runtime.work import Done, Work, child_slots
from agents.tools import children
from agents.tools.perform import perform
from agents.tools.spec import ToolSpec
from agents.tools.types import CallContext, ToolResult

ANSWERED = frozenset({"denied", "failed", "rejected", "answered", "expired", "succeeded", "cancelled"})
PASSED_ON = ("temperature", "top_p", "top_k", "thinking")
MODEL_DEADLINE_SECONDS = 300.0
HELD_SECONDS = 5.0  # how often a call of a stopped tool looks whether it may start
STARVED_SECONDS = 0.02
GAVE_NO_ANSWER = "The worker that ran this call stopped before it could say whether it happened."


class Performing:
    """The effects of one claim: what is known of its calls, and what is begun next."""

    def __init__(self, claim: Claim, work: Work, version: Version, proposing: Proposing):
        self.claim, self.work, self.version, self.proposing = claim, work, version, proposing
        self.calls: dict[str, Call] = {}
        self.inbox: list[tuple[int, str]] = []
        self.started: dict[str, datetime] = {}
        self.doubts: dict[str, str] = {}
        self.retry_at: dict[str, float] = {}
        self.held: set[str] = set()
        self.tries: dict[str, int] = {}
        self.ended_by = ""
        self.rejudged = self.starved = False

    # --- what is known ---

    def read(self, news: News) -> None:
        """Take in what a look found; calls that are under way here keep their place."""
        busy = {position: self.calls[position] for position in self.work.busy if position in self.calls}
        self.calls = {call.position: call for call in news.calls} | busy
        self.inbox, self.rejudged = news.inbox, False
        self.held.clear()

    def committed(self, segment: Segment, ids: dict[str, UUID]) -> None:
        """Keep up with what was just committed."""
        for proposed in segment.calls:
            self.calls[proposed.position] = opened(proposed, ids[proposed.position], self.claim.clock.now())
        for position in segment.statuses:
            self.calls.pop(position, None)
        for position in segment.doubts:
            self.calls[position].status = "in_doubt"
        self.inbox = self.inbox_left(segment)

    def answers(self) -> Iterator[tuple[Call, str]]:
        """Calls whose outcome is known without running anything, with the status they end in."""
        for call in self.calls.values():
            if call.position in self.work.busy:
                continue
            if call.status in ANSWERED:
                yield call, call.status
            elif call.status == "waiting" and call.decided not in ("", "ready") and self._is_effective(call):
                yield call, call.decided

    def has_answers(self, drive: Drive) -> bool:
        return any(call.position in drive.pending for call, _ in self.answers())

    def is_waiting(self, position: str) -> bool:
        """Whether the call at this position waits for somebody else."""
        call = self.calls.get(position)
        if call is None or position in self.work.busy or position in self.retry_at:
            return False
        if call.status == "waiting":
            return not (call.decided and self._is_effective(call))
        return call.status == "in_doubt" or position in self.held or self._is_orphaned(call)

    @property
    def is_busy(self) -> bool:
        """Whether something is under way, or will be tried again here."""
        return bool(self.work.busy or self.retry_at or self.starved)

    @property
    def in_flight(self) -> bool:
        """Whether a call may have happened and nobody knows yet."""
        return any(call.status in ("executing", "in_doubt") for call in self.calls.values())

    def times(self) -> list[float]:
        """When this run should be looked at again because of its calls (database time)."""
        times = [call.effective for call in self.calls.values() if call.status == "waiting" and call.effective]
        times += [self._doubtful_from(call) for call in self.calls.values() if self._is_orphaned(call)]
        return times + ([self.claim.clock.now() + HELD_SECONDS] if self.held else [])

    def seconds_to_retry(self) -> float | None:
        if self.starved:
            return STARVED_SECONDS
        return max(0.0, min(self.retry_at.values()) - boot()) if self.retry_at else None

    def inbox_left(self, segment: Segment) -> list[tuple[int, str]]:
        return [message for message in self.inbox if message[0] not in segment.taken]

    def take_doubts(self) -> dict[str, str]:
        doubts, self.doubts = self.doubts, {}
        return doubts

    def limit(self, drive: Drive, segment: Segment) -> str:
        """The limit that ends the run here, or an empty string."""
        if self.is_busy or self.in_flight or segment.doubts:
            return ""
        limits, claim = self.version.limits, self.claim
        if claim.clock.now() - claim.created >= limits["max_seconds"]:
            return "max_seconds"
        kinds = {effect.kind for effect, _ in drive.pending.values()}
        if claim.recording_id and "receive" in kinds and not self.inbox_left(segment):
            return "recording"
        if self.ended_by or "model" not in kinds:
            return self.ended_by
        spent = {
            "max_steps": claim.seq + len(segment.rows),
            "max_tokens": claim.tokens + segment.tokens,
            "max_cost": claim.cost + segment.cost,
        }
        return next((name for name, value in spent.items() if value >= limits[name]), "")

    def _is_effective(self, call: Call) -> bool:
        return call.effective is None or call.effective <= self.claim.clock.now()

    def _is_orphaned(self, call: Call) -> bool:
        """An unsafe call of an earlier claim, which may still be running until its deadline."""
        return call.status == "executing" and call.effect == "unsafe" and call.epoch != self.claim.epoch

    def _doubtful_from(self, call: Call) -> float:
        return (call.deadline or 0.0) + MARGIN_SECONDS

    # --- beginning ---

    def begin_approved(self) -> None:
        """Start the writes that may start before the history is read."""
        if self.claim.recording_id is None:
            for call in list(self.calls.values()):
                self._begin_call(call, self.proposing.specs(), None, writes_only=True)

    def begin(self, drive: Drive) -> None:
        """Begin everything pending that may begin now."""
        self.starved = False
        specs = self.proposing.specs()
        for position, (effect, _) in list(drive.pending.items()):
            if position in self.work.busy or self.retry_at.get(position, 0.0) > boot():
                continue
            self.retry_at.pop(position, None)
            if effect.kind == "model":
                self._begin_model(effect, drive, specs)
            elif effect.kind == "tool" and position in self.calls:
                self._begin_call(self.calls[position], specs, drive)

    def _begin_model(self, effect: Effect, drive: Drive, specs: dict[str, ToolSpec]) -> None:
        settings = self.version.settings
        request = ModelRequest(
            system=self.version.instructions,
            messages=drive.run.conversation(effect.ask["conversation"]).messages(),
            tools=for_model(specs, self.version),
            max_tokens=settings.get("max_tokens", 4096),
            timeout=settings.get("timeout", 120.0),
            effort=settings.get("effort"),
            single_tool=settings.get("single_tool", False),
            key=f"{self.claim.id}:{effect.position}",
            extra=self._extra(),
        )
        deadline = settings.get("deadline_seconds", MODEL_DEADLINE_SECONDS)
        ask = partial(gateway.complete, self.version.chain, request, deadline_seconds=deadline)
        self._in_thread(effect.position, ask, deadline)

    def _extra(self) -> dict[str, Any]:
        """Settings that adapters pass on as they are, and the recording that the recorded model plays."""
        turns = {"recording": recording(self.claim.recording_id)[0]} if self.claim.recording_id else {}
        return {name: self.version.settings[name] for name in PASSED_ON if name in self.version.settings} | turns

    def _begin_call(
        self, call: Call, specs: dict[str, ToolSpec], drive: Drive | None, *, writes_only: bool = False
    ) -> None:
        spec = specs.get(call.tool)
        if spec is None or call.position in self.work.busy or call.position in self.held:
            return
        if self._is_orphaned(call):
            if self._doubtful_from(call) <= self.claim.clock.now():
                self.doubts[call.position] = GAVE_NO_ANSWER
        elif self._may_start(call):
            if call.effect != "read":
                self._start(call, spec, drive)
            elif not writes_only:
                self._in_thread(call.position, self._reading(call, spec, drive), spec.timeout, call)

    def _may_start(self, call: Call) -> bool:
        if call.status == "waiting":
            return call.decided == "ready" and self._is_effective(call)
        return call.status == "ready" or (call.status == "executing" and call.effect == "keyed")

    def _in_thread(self, position: str, what: Any, seconds: float, call: Call | None = None, attempt: int = 0) -> None:
        self.tries[position] = self.tries.get(position, 0) + 1
        self.started.setdefault(position, self.claim.clock.moment())
        self.work.in_thread(position, what, seconds, call, attempt)

    def _start(self, call: Call, spec: ToolSpec, drive: Drive | None) -> None:
        """Write the intent, then hand the call to a child; the statement runs in this thread (engine.md §5)."""
        if not child_slots.acquire(blocking=False):
            self.starved = True
            return
        sent, attempt = boot(), None
        try:
            attempt = self.claim.start(call, timeout=spec.timeout)
        finally:
            if attempt is None:
                child_slots.release()
        if attempt is None:
            return self._refused(call, spec)
        call.status, call.epoch, call.attempt = "executing", self.claim.epoch, attempt
        self._run_write(call, spec, drive, not_after=sent + MARGIN_SECONDS / 2)

    def _run_write(self, call: Call, spec: ToolSpec, drive: Drive | None, *, not_after: float) -> None:
        if spec.function is None:
            child_slots.release()
            return self._in_thread(call.position, self._reading(call, spec, drive), spec.timeout, call, call.attempt)
        future = children.submit(
            spec.name, call.args, self._context(call), spec.timeout, not_after=not_after, effect=spec.effect
        )
        self.tries[call.position] = self.tries.get(call.position, 0) + 1
        self.started.setdefault(call.position, self.claim.clock.moment())
        self.work.in_child(call.position, future, spec.timeout, call, call.attempt)
        crashpoint("submitted")

    def _reading(self, call: Call, spec: ToolSpec, drive: Drive | None) -> Any:
        if spec.function is None:
            return partial(self._recorded, call.position, recorded_index(drive, call.position) if drive else 0)
        return partial(perform, spec, call.args, self._context(call))

    def _recorded(self, position: str, index: int) -> ToolResult:
        """What the recording says that this call came to."""
        results = recording(self.claim.recording_id)[1] if self.claim.recording_id else []
        if index >= len(results):
            error = {
                "type": "not_recorded",
                "message": "The recording has no result for this call.",
                "retryable": False,
            }
            return ToolResult("failed", error=error)
        return ToolResult("succeeded", dumps(results[index]))

    def _context(self, call: Call) -> CallContext:
        return CallContext(
            call_id=call.id,
            attempt=call.attempt,
            run_id=self.claim.id,
            workspace_id=self.claim.workspace_id,
            key=str(call.id),
            acting_for=self.claim.started_by_id,
        )

    # --- a start that was refused ---

    def _refused(self, call: Call, spec: ToolSpec) -> None:
        why = self.claim.refusal(call)
        if why["cancelling"]:
            self.claim.cancelling = True
        elif why["stopped"]:
            self.held.add(call.position)
        elif why["too_old"]:
            self._rejudge(call, "expired", "The approval ran out before the call could start.")
        elif why["other_rules"] and not why["other_bytes"]:
            self._judge_again(call, spec)
        else:
            self.rejudged = True

    def _judge_again(self, call: Call, spec: ToolSpec) -> None:
        """The rules have changed since the verdict: the gate is asked again."""
        epoch = self.proposing.refresh_rules()
        verdict = self.proposing.check(self.proposing.proposal(spec, call.args, call.digest, epoch, call))
        if verdict.decision == "allow" or verdict.stands:
            self.claim.reaffirm(call, epoch)
            call.rules_epoch, self.retry_at[call.position] = epoch, boot()
        elif verdict.decision == "deny":
            self._rejudge(call, "denied", verdict.why, epoch, verdict.explanation, denied(verdict))
        else:
            self._rejudge(call, "waiting", verdict.why, epoch, verdict.explanation)

    def _rejudge(
        self,
        call: Call,
        status: str,
        why: str,
        epoch: int | None = None,
        explanation: dict[str, Any] | None = None,
        outcome: dict[str, Any] | None = None,
    ) -> None:
        self.claim.rejudge(
            call,
            status=status,
            why=why,
            rules_epoch=call.rules_epoch if epoch is None else epoch,
            verdict=dumps(explanation or {}),
            outcome=dumps(outcome) if outcome else None,
        )
        self.rejudged = True

    # --- ends ---

    def tool_ended(self, done: Done) -> Ended | None:
        """The outcome of a call under way, or None: it is tried again, or in doubt."""
        call = self.calls[done.underway.position]
        result = result_of(done)
        if result.error and result.error.get("type") == "too_late":
            self.claim.unstart(call)
            call.status = "ready"
            return None
        if self._is_worth_another_try(call, result):
            self.retry_at[call.position] = boot() + 0.2 * 2 ** self.tries[call.position]
            return None
        if result.kind == "unknown" and call.effect != "read":
            self.doubts[call.position] = (result.error or {}).get("message") or GAVE_NO_ANSWER
            return None
        return of_tool(call, result)

    def _is_worth_another_try(self, call: Call, result: ToolResult) -> bool:
        spec = self.proposing.specs().get(call.tool)
        if call.effect == "unsafe" or spec is None or self.tries[call.position] > spec.retries:
            return False
        return result.kind == "unknown" or bool(result.error and result.error.get("retryable"))

    def receive(self, effect: Effect) -> Ended:
        """The oldest message of the inbox, for a `receive`."""
        message_id, content = self.inbox[0]
        message = {"role": "user", "content": loads(content)}
        return Ended(effect.position, Outcome.of(message), name="receive", message_id=message_id)

    def rang(self, effect: Effect) -> Ended:
        """A timer that is due."""
        return Ended(effect.position, Outcome("null"), name="until")


def result_of(done: Done) -> ToolResult:
    """What a call came to; a call that nobody waits for any longer is unknown."""
    if done.future is None:
        error = {"type": "timeout", "message": "The call did not end within its time limit.", "retryable": True}
        return ToolResult("unknown", error=error)
    result: ToolResult = done.future.result()
    return result


def opened(proposed: ProposedCall, call_id: UUID, now: float) -> Call:
    """The open call that a proposal has become."""
    return Call(
        id=call_id,
        position=proposed.position,
        provider_id=proposed.provider_id,
        tool=proposed.tool,
        effect=proposed.effect,
        reaches=proposed.reaches,
        status=proposed.status,
        decided="",
        why=proposed.why,
        args=proposed.args,
        digest=proposed.digest,
        edited=False,
        attempt=0,
        epoch=None,
        rules_epoch=proposed.rules_epoch,
        outcome=proposed.outcome,
        facts=dumps(proposed.facts),
        effective=None,
        deadline=None,
        now=now,
    )


def recorded_index(drive: Drive, position: str) -> int:
    """Which call of the conversation this is: all calls of earlier turns, and its place in its own."""
    turn, _, place = position.rpartition(".")
    earlier = [entry for entry in drive.run.messages.entries if isinstance(entry, list)]
    before = [place for entry in earlier for place in entry if is_tool_position(drive, place)]
    return len(before) + int(place if turn else 0)


def is_tool_position(drive: Drive, position: str) -> bool:
    """Whether the outcome at this position is a tool's."""
    return "status" in drive.run.outcomes[position].value
