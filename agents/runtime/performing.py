"""Performing what a flow asks for: models, reads, and the start, retry and doubt of keyed and unsafe calls."""

from datetime import datetime
from functools import partial
from typing import Any

from agents import blobs, gateway
from agents.gateway.types import ModelRequest
from agents.runtime.breakers import breakers
from agents.runtime.budgets import of_call, of_model
from agents.runtime.claim import MARGIN_SECONDS, Call, Claim
from agents.runtime.clock import boot
from agents.runtime.crash import crashpoint
from agents.runtime.drive import Drive
from agents.runtime.effects import Effect, Outcome
from agents.runtime.gate import Verdict
from agents.runtime.limits import Limited
from agents.runtime.outcomes import Ended, of_tool, result_of
from agents.runtime.propose import STATUS, Proposing, denied, invalid_arguments, unknown_tool
from agents.runtime.recorded import recorded_index, recorded_result
from agents.runtime.standing import GAVE_NO_ANSWER
from agents.runtime.streaming import Streaming
from agents.runtime.text import dumps, loads
from agents.runtime.version import Version, for_model, recording
from agents.runtime.work import Done, Work, child_slots
from agents.tools import children
from agents.tools.exceptions import ArgumentsRefused
from agents.tools.perform import perform
from agents.tools.spec import ToolSpec
from agents.tools.types import CallContext, ToolResult

PASSED_ON = ("temperature", "top_p", "top_k", "thinking")
MODEL_DEADLINE_SECONDS = 300.0
RAN_OUT = {"type": "expired", "message": "The approval ran out before the call could start.", "retryable": False}


class Performing(Limited):
    """The effects of one claim: what is begun next, and what comes of it."""

    def __init__(self, claim: Claim, work: Work, version: Version, proposing: Proposing):
        super().__init__(claim, work, version, proposing)
        self.started: dict[str, datetime] = {}
        self.tries: dict[str, int] = {}
        self.last: dict[str, ToolResult] = {}

    # --- beginning ---

    def begin_approved(self) -> None:
        """Start the writes that may start before the history is read."""
        if self.claim.recording_id is None:
            for call in list(self.calls.values()):
                self._begin_call(call, self.proposing.specs(), None, writes_only=True)

    def begin(self, drive: Drive) -> None:
        """Begin everything pending that may begin now."""
        self.starved = False
        self.spending.used_up.clear()
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
        told = Streaming(self.claim.workspace_id, self.claim.id, effect.position)
        ask = self.unpriced() or partial(
            gateway.complete, self.version.chain, request, deadline_seconds=deadline, on_delta=told
        )
        if self.may_begin(effect.position, partial(of_model, request, self.version.chain, deadline)):
            self._in_thread(effect.position, ask, deadline)

    def _extra(self) -> dict[str, Any]:
        """Settings that adapters pass on as they are, and the recording that the recorded model plays."""
        turns = {"recording": recording(self.claim.recording_id)[0]} if self.claim.recording_id else {}
        return {name: self.version.settings[name] for name in PASSED_ON if name in self.version.settings} | turns

    def _begin_call(
        self, call: Call, specs: dict[str, ToolSpec], drive: Drive | None, *, writes_only: bool = False
    ) -> None:
        if call.position in self.work.busy or call.position in self.held or self._is_orphaned(call):
            return
        if not self._may_start(call) or not self.has_room:
            return
        spec = specs.get(call.tool)
        if spec is None:
            self._end_unstarted(call, "failed", unknown_tool(call.tool, self.version.tools))
        elif not (writes_only and call.effect == "read"):
            self._begin_known(call, spec, drive)

    def _begin_known(self, call: Call, spec: ToolSpec, drive: Drive | None) -> None:
        if found := self.broken(call, spec.timeout):
            if call.position not in self.held:
                self._end_unstarted(call, "failed", found.error)
        elif not self.may_begin(call.position, partial(of_call, spec.timeout)):
            return
        elif call.effect != "read":
            self._start(call, spec, drive)
        else:
            self._read(call, spec, drive)

    def _may_start(self, call: Call) -> bool:
        if call.status == "waiting":
            return call.decided == "ready" and self._is_effective(call)
        return call.status == "ready" or (call.status == "executing" and call.effect == "keyed")

    def _in_thread(self, position: str, what: Any, seconds: float, call: Call | None = None, attempt: int = 0) -> None:
        self.tries[position] = self.tries.get(position, 0) + 1
        self.started.setdefault(position, self.claim.clock.moment())
        self.work.in_thread(position, what, seconds, call, attempt)

    def _read(self, call: Call, spec: ToolSpec, drive: Drive | None) -> None:
        """A read leaves no intent; what may forbid it is as of the last commit."""
        if call.tool in self.claim.stopped_tools:
            self.held.add(call.position)
        elif call.valid_until is not None and call.valid_until <= self.claim.clock.now():
            self._end_unstarted(call, "expired", RAN_OUT)
        elif call.rules_epoch != self.claim.rules_epoch or call.schema_digest != spec.digest():
            self._judge_again(call, spec)
        else:
            self._in_thread(call.position, self._reading(call, spec, drive), spec.timeout, call)

    def _start(self, call: Call, spec: ToolSpec, drive: Drive | None) -> None:
        """Write the intent, then hand the call to a child; the statement runs in this thread (engine.md §5)."""
        if call.schema_digest != spec.digest():
            return self._judge_again(call, spec)
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
        try:
            future = children.submit(
                spec.name, call.args, self._context(call), spec.timeout, not_after=not_after, effect=spec.effect
            )
        except BaseException:
            child_slots.release()
            raise
        self.tries[call.position] = self.tries.get(call.position, 0) + 1
        self.started.setdefault(call.position, self.claim.clock.moment())
        self.work.in_child(call.position, future, spec.timeout, call, call.attempt)
        crashpoint("submitted")

    def _reading(self, call: Call, spec: ToolSpec, drive: Drive | None) -> Any:
        if spec.function is None:
            index = recorded_index(drive, call.position) if drive else 0
            return partial(recorded_result, self.claim.recording_id, index)
        return partial(perform, spec, call.args, self._context(call))

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
        elif why["pausing"]:
            self.claim.pausing = True
        elif why["stopped"]:
            self.held.add(call.position)
        elif why["too_old"]:
            self._end_unstarted(call, "expired", RAN_OUT)
        elif why["too_early"]:  # the database's clock went back: the call waits for its time as any other
            self.claim.clock.set(why["now"])
        elif why["other_rules"] and not why["other_bytes"]:
            self._judge_again(call, spec)
        else:
            self.rejudged = True

    def _judge_again(self, call: Call, spec: ToolSpec) -> None:
        """The rules, or the tool itself, have changed since the verdict: the gate is asked again."""
        self.proposing.refresh_rules()
        try:
            spec.prepare(call.args)
        except ArgumentsRefused as refusal:
            return self._end_unstarted(call, "failed", invalid_arguments(spec.name, refusal))
        verdict = self.proposing.check(
            self.proposing.proposal(spec, call.args, call.digest, self.claim.rules_epoch, call)
        )
        if not (verdict.decision == "allow" or verdict.stands):
            self._rejudge(call, spec, verdict)
        elif call.status == "executing" and spec.effect == "unsafe":
            self.lost.add(call.position)
        else:
            self.claim.reaffirm(call, verdict=dumps(verdict.explanation), **self._as_declared(spec))
            self.retry_at[call.position] = boot()

    def _rejudge(self, call: Call, spec: ToolSpec, verdict: Verdict) -> None:
        outcome = denied(verdict) if verdict.decision == "deny" else None
        judged = self._as_declared(spec) | {"verdict": dumps(verdict.explanation)}
        self._settle(call, STATUS[verdict.decision], verdict.why, outcome, judged)

    def _end_unstarted(self, call: Call, status: str, error: dict[str, Any]) -> None:
        """The call ends with this error instead of being started."""
        self._settle(call, status, error["message"], {"status": status, "error": error}, {})

    def _settle(
        self, call: Call, status: str, why: str, outcome: dict[str, Any] | None, judged: dict[str, Any]
    ) -> None:
        """Write what becomes of a call that is not started; one that may have happened is for people instead."""
        if call.status == "executing":
            self.lost.add(call.position)
            return
        kept = {name: getattr(call, name) for name in ("rules_epoch", "schema_digest", "effect", "reaches")}
        text = dumps(outcome) if outcome else None
        self.claim.rejudge(call, status=status, why=why, outcome=text, **({"verdict": None} | kept | judged))
        self.rejudged = True

    def _as_declared(self, spec: ToolSpec) -> dict[str, Any]:
        """What a verdict is about: the rules in force, and the tool as it is declared now."""
        digest = spec.digest()
        rules = self.claim.rules_epoch
        return {"rules_epoch": rules, "schema_digest": digest, "effect": spec.effect, "reaches": spec.reaches}

    # --- ends ---

    def tool_ended(self, done: Done) -> Ended | None:
        """The outcome of a call under way, or None: it is tried again, or in doubt."""
        call = self.calls[done.underway.position]
        result = result_of(done)
        if result.error and result.error.get("type") == "too_late":
            self._not_entered(call)
            return None
        if not self.is_make_believe:
            breakers.note(self.claim.workspace_id, call.tool, result)
        if self._is_worth_another_try(call, result):
            self.retry_at[call.position] = boot() + 0.2 * 2 ** self.tries[call.position]
            self.last[call.position] = result
            return None
        if result.kind == "unknown" and call.effect != "read":
            self.doubts[call.position] = (result.error or {}).get("message") or GAVE_NO_ANSWER
            return None
        return of_tool(call, result)

    def _not_entered(self, call: Call) -> None:
        """Its time to start had passed: the intent is taken back, unless an earlier attempt may have happened."""
        if call.attempt == 1 or call.effect == "unsafe":
            self.claim.unstart(call)
            call.status = "ready"

    def give_up(self) -> list[Ended]:
        """What calls that would be tried again come to when nothing more is tried: their last failure, or a doubt."""
        last = {place: result for place, result in self.last.items() if place in self.retry_at}
        unknown = [place for place, result in last.items() if result.kind == "unknown"]
        self.doubts |= dict.fromkeys(unknown, GAVE_NO_ANSWER)
        return [of_tool(self.calls[place], last[place]) for place in last.keys() - unknown]

    def _is_worth_another_try(self, call: Call, result: ToolResult) -> bool:
        spec = self.proposing.specs().get(call.tool)
        if call.effect == "unsafe" or spec is None or self.tries[call.position] > spec.retries:
            return False
        return result.kind == "unknown" or bool(result.error and result.error.get("retryable"))

    def receive(self, effect: Effect) -> Ended:
        """The oldest message of the inbox, for a `receive`."""
        message_id, content = self.inbox[0]
        message = {"role": "user", "content": loads(blobs.read(content))}
        return Ended(effect.position, Outcome.of(message), name="receive", message_id=message_id)

    def rang(self, effect: Effect) -> Ended:
        """A timer that is due."""
        return Ended(effect.position, Outcome("null"), name="until")
