"""From what the model asked for to a tool call with a verdict: parse, validate, canonical bytes, gate."""

from collections.abc import Callable, Iterable
from typing import Any

from agents.models import ForkMode
from agents.runtime.claim import Call, Claim
from agents.runtime.commit import ProposedCall
from agents.runtime.effects import Effect
from agents.runtime.gate import Proposal, Verdict, gate
from agents.runtime.stand_ins import HELD, NOT_SIMULATED, SIMULATED, StandIn, StandIns
from agents.runtime.text import dumps, loads, storable
from agents.runtime.version import Version, catalogue, recorded_catalogue, simulated_catalogue
from agents.tools.exceptions import ArgumentsRefused
from agents.tools.question import QUESTION
from agents.tools.raise_budget import RAISE_BUDGET
from agents.tools.spec import ToolSpec
from agents.tools.title import title
from workspaces import canonical
from workspaces.models import Switch

FOR_PEOPLE = {QUESTION.name: "The agent asks people.", RAISE_BUDGET.name: "A budget is used up."}
STATUS = {"allow": "ready", "ask": "waiting", "deny": "denied"}


class Proposing:
    """Turns pending tool effects of one claim into proposed calls."""

    def __init__(self, claim: Claim, version: Version):
        self.claim, self.version = claim, version
        self.stand_ins = StandIns(claim)
        self.heard: Callable[[], Iterable[dict[str, Any]]] = tuple

    def propose(self, effects: list[Effect]) -> list[ProposedCall]:
        """One call for each effect, judged at one `rules_epoch`."""
        if not effects:
            return []
        self.stand_ins.begin()
        found = [self._one(effect, self.specs()) for effect in effects]
        return [call for call in found if call]

    def ask(self, position: str, spec: ToolSpec, arguments: dict[str, Any]) -> ProposedCall:
        """A call that the runtime itself puts before people; denied where there is nobody to ask."""
        effect = Effect("tool", {"name": spec.name, "input": arguments, "id": ""})
        effect.position = position
        return self._judged(effect, spec, spec.prepare(arguments))

    def refresh_rules(self) -> int:
        """The rules' epoch as it is now, and not as of the last commit."""
        self.claim.rules_epoch = Switch.objects.values_list("rules_epoch", flat=True).get(pk=self.claim.workspace_id)
        return self.claim.rules_epoch

    def specs(self) -> dict[str, ToolSpec]:
        """The workspace's tools as of the last commit; a start compares the epoch, so what is stale is found there."""
        known = recorded_catalogue if self.claim.recording_id else catalogue
        if self.claim.fork_mode == ForkMode.SIMULATED:
            known = simulated_catalogue
        return known(self.claim.workspace_id, self.claim.rules_epoch)

    def _one(self, effect: Effect, specs: dict[str, ToolSpec]) -> ProposedCall | None:
        name = effect.ask["name"]
        spec = specs.get(name)
        if effect.refusal:
            return self._refused(effect, effect.refusal, spec)
        if spec is None or not (self.version.offers(name) or name == QUESTION.name):
            return self._refused(effect, unknown_tool(name, self.version.tools))
        try:
            args = spec.prepare(effect.ask["input"] if effect.ask["input"] is not None else {})
        except ArgumentsRefused as refusal:
            return self._refused(effect, invalid_arguments(name, refusal), spec)
        return self._of_a_fork(effect, spec, args) if self.claim.fork_mode else self._judged(effect, spec, args)

    def _of_a_fork(self, effect: Effect, spec: ToolSpec, args: bytes) -> ProposedCall | None:
        """Answered by the record where it knows the call; then by what stands in, by nobody, or judged as any other."""
        mode = self.claim.fork_mode
        found = self.stand_ins.record(spec.name, args, call_digest(spec.name, args))
        if found is None and mode == ForkMode.RECORDED:
            self.stand_ins.ran_out = True
            return None
        if found is None and mode == ForkMode.SIMULATED and spec.function is None and spec.name not in FOR_PEOPLE:
            found = self.stand_ins.nearest(spec.name, loads(args))
            if found is None:
                return self._refused(effect, NOT_SIMULATED, spec)
        return self._answered(effect, spec, args, found) if found else self._judged(effect, spec, args)

    def _answered(self, effect: Effect, spec: ToolSpec, args: bytes, found: StandIn) -> ProposedCall:
        return ProposedCall(
            position=effect.position,
            provider_id=storable(effect.ask["id"]),
            tool=spec.name,
            title=found.title,
            effect=spec.effect,
            reaches=spec.reaches,
            status=found.status,
            why=found.why,
            args=args,
            digest=call_digest(spec.name, args),
            schema_digest=spec.digest(),
            rules_epoch=self.claim.rules_epoch,
            verdict=found.explanation,
            outcome=dumps(found.said),
        )

    def _judged(self, effect: Effect, spec: ToolSpec, args: bytes) -> ProposedCall:
        epoch = self.claim.rules_epoch
        proposal = self.proposal(spec, args, call_digest(spec.name, args), epoch)
        verdict = self.check(proposal)
        return ProposedCall(
            position=effect.position,
            provider_id=storable(effect.ask["id"]),
            tool=spec.name,
            title=title(spec, proposal.arguments, verdict.facts),
            effect=spec.effect,
            reaches=spec.reaches,
            status=STATUS[verdict.decision],
            why=verdict.why,
            args=args,
            digest=proposal.digest,
            schema_digest=spec.digest(),
            rules_epoch=epoch,
            verdict=verdict.explanation,
            facts=verdict.facts,
            outcome=dumps(denied(verdict)) if verdict.decision == "deny" else None,
        )

    def proposal(self, spec: ToolSpec, args: bytes, digest: bytes, epoch: int, call: Call | None = None) -> Proposal:
        """What the gate is asked about; with `call`, one that was judged before."""
        return Proposal(
            workspace_id=self.claim.workspace_id,
            run_id=self.claim.id,
            agent=self.claim.agent_name,
            agent_version_id=self.version.id,
            started_by_id=self.claim.started_by_id,
            started_by=self.claim.started_by,
            labels=self.claim.labels,
            steps=self.claim.seq,
            cost=self.claim.cost,
            tool=spec,
            arguments=loads(args),
            args=args,
            digest=digest,
            rules_epoch=epoch,
            call_id=call.id if call else None,
            heard=self.heard,
            held=self._held(spec),
        )

    def check(self, proposal: Proposal) -> Verdict:
        """The gate's verdict, asked outside any transaction; what is for people always waits for them."""
        if self.claim.fork_mode == ForkMode.SIMULATED and proposal.tool.name not in FOR_PEOPLE:
            return Verdict("allow", SIMULATED, {"stand_in": {"kind": "simulation"}}, stands=True)
        verdict = gate().check(proposal)
        if proposal.held and verdict.decision == "allow":
            return Verdict("ask", proposal.held, verdict.explanation, verdict.facts)
        return verdict

    def _held(self, spec: ToolSpec) -> str:
        is_held = self.claim.fork_mode == ForkMode.LIVE and spec.effect != "read"
        return FOR_PEOPLE.get(spec.name) or (HELD if is_held else "")

    def _refused(self, effect: Effect, error: dict[str, Any], spec: ToolSpec | None = None) -> ProposedCall:
        """A call that cannot be made: the model is told, nothing runs, nobody is asked."""
        args, name = as_proposed(effect.ask["input"]), storable(effect.ask["name"])
        return ProposedCall(
            position=effect.position,
            provider_id=storable(effect.ask["id"]),
            tool=name,
            title=name,
            effect=spec.effect if spec else "unsafe",
            reaches=spec.reaches if spec else "outside",
            status="failed",
            why=storable(error["message"]),
            args=args,
            digest=call_digest(name, args),
            outcome=dumps({"status": "failed", "error": error}),
        )


def call_digest(tool: str, args: bytes) -> bytes:
    """SHA-256 of tool name and canonical arguments: what people see, approve, and what runs."""
    return canonical.digest(tool.encode() + b"\0" + args)


def as_proposed(value: Any) -> bytes:
    """Arguments that are not canonical, kept as text for the record."""
    return dumps(value).encode()


def denied(verdict: Verdict) -> dict[str, Any]:
    """The outcome of a call that the rules forbid."""
    return {"status": "denied", "error": {"type": "denied", "message": verdict.why, "retryable": False}}


def unknown_tool(name: str, offered: list[str]) -> dict[str, Any]:
    """What the model is told about a tool that is not there."""
    message = f"There is no tool {name!r} here. Available: {', '.join(offered) or 'none'}."
    return {"type": "unknown_tool", "message": message, "retryable": False}


def invalid_arguments(name: str, refusal: ArgumentsRefused) -> dict[str, Any]:
    """What the model is told about arguments that do not fit, path by path."""
    message = f"The arguments do not fit {name}: " + "; ".join(
        f"{error['path'] or 'arguments'}: {error['message']}" for error in refusal.errors
    )
    return {"type": "invalid_arguments", "message": message, "retryable": True, "errors": refusal.errors}
