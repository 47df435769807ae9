"""Child runs of a claim: which to start, and what became of them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from agents.models import Agent, AgentVersion, ForkMode, Run
from agents.models.run_status import ENDED
from agents.runtime import database, flow, statements
from agents.runtime.claim import Claim
from agents.runtime.commit import ProposedChild, Segment
from agents.runtime.effects import Effect, Outcome
from agents.runtime.outcomes import Ended
from agents.runtime.stand_ins import StandIns
from agents.runtime.text import dumps, headline
from agents.runtime.version import Version
from workspaces import canonical
from workspaces.exceptions import CanonicalError


@dataclass(slots=True)
class Child:
    """A child run as its parent reads it."""

    position: str
    id: UUID
    status: str = "queued"
    result: str | None = None
    error: dict[str, Any] | None = None
    cancel_reason: str = ""


class Offspring:
    """The children that a flow waits for; read from the database only while there are any."""

    def __init__(self, claim: Claim, version: Version, stand_ins: StandIns):
        self.claim, self.version, self.stand_ins = claim, version, stand_ins
        self.known: dict[str, Child] = {}
        self.settled: dict[str, Outcome] = {}
        self.answered: Counter[bytes] = Counter()
        self.is_stale = True

    def ended(self, effects: Iterable[Effect]) -> list[Ended]:
        """Outcomes of those that have ended, or could not be started."""
        effects = list(effects)
        self._look(effects)
        return [end for effect in effects if (end := self._end(effect))]

    def propose(self, effects: Iterable[Effect]) -> list[ProposedChild]:
        """Children for the effects that have none yet; some are settled instead: refused, or answered by a record."""
        effects = list(effects)
        self._look(effects)
        fresh = [effect for effect in effects if effect.position not in self.known | self.settled]
        return [child for effect in fresh if (child := self._proposed(effect))]

    def committed(self, segment: Segment, ids: dict[str, UUID]) -> None:
        """Keep up with what was just committed."""
        for row in segment.rows:
            if row.kind == "child" and row.position in self.settled:
                del self.settled[row.position]
                self.answered[row.request] = max(0, self.answered[row.request] - 1)
        self.known |= {child.position: Child(child.position, ids[child.position]) for child in segment.children}

    def is_under_way(self, position: str) -> bool:
        """Whether the child at this position will still wake its parent."""
        return position in self.known and self.known[position].status not in ENDED

    def hold(self) -> bool:
        """Whether a cancelled run may not end yet: its children wind up first, and those below them before."""
        if not self.claim.cancelling:
            return False
        below = Run.objects.active().filter(parent_id=self.claim.id)
        for child in below.filter(cancel_requested_at__isnull=True):
            child.cancel(reason="The run that had started this one is cancelled.")
        return below.exists()

    def _look(self, effects: list[Effect]) -> None:
        if effects and self.is_stale:
            places = [effect.position for effect in effects]
            found = database.rows(statements.CHILDREN, run=self.claim.id, positions=places)
            self.known = {row["position"]: Child(**row) for row in found}
            self.is_stale = False

    def _end(self, effect: Effect) -> Ended | None:
        name = f"invoke_agent {effect.ask['name']}"
        if outcome := self.settled.get(effect.position):
            return Ended(effect.position, outcome, name=name)
        child = self.known.get(effect.position)
        if child is None or child.status not in ENDED:
            return None
        return Ended(effect.position, outcome_of(child), name=name)

    def _proposed(self, effect: Effect) -> ProposedChild | None:
        name, given = effect.ask["name"], effect.ask["input"]
        if self.claim.line and self._is_recorded(effect):
            return None
        found = self._found(name)
        if problem := self._problem(name, given, found):
            error = {"type": "child_refused", "message": problem, "retryable": False}
            self.settled[effect.position] = Outcome.of(error, failed=True)
            return None
        assert found
        text = dumps(given)
        return ProposedChild(
            effect.position, *found, input=self.claim.keep(text), title=headline(given) if given else str(name)
        )

    def _is_recorded(self, effect: Effect) -> bool:
        """Whether a record answers; without one, a fork that only plays its record has come to its end."""
        answer = self.stand_ins.child(effect, self.answered[effect.request()])
        if answer:
            self.settled[effect.position] = answer
            self.answered[effect.request()] += 1
        elif self.claim.fork_mode == ForkMode.RECORDED:
            self.stand_ins.ran_out = True
        return bool(answer) or self.stand_ins.ran_out

    def _found(self, name: str) -> tuple[int, int, str, int] | None:
        """Agent, version, flow and revision: a flow of this name as this agent, or else another agent."""
        if revisions := [revision for known, revision in flow.registry if known == name]:
            return self.claim.agent_id, self.version.id, name, max(revisions)
        agent = Agent.objects.startable().filter(workspace_id=self.claim.workspace_id, name=name).first()
        version: AgentVersion | None = agent.active_version if agent else None
        return (version.agent_id, version.pk, version.flow, version.revision) if version else None

    def _problem(self, name: str, given: Any, found: tuple[int, int, str, int] | None) -> str:
        deepest = int(self.version.limits["max_depth"])
        if found is None:
            return f"There is no flow and no agent {name!r} that could be started here."
        if found[2] == "chat":
            return f"{name!r} is a conversation and never returns, so it cannot be a child."
        if self.claim.depth >= deepest:
            return f"This run is {self.claim.depth} deep already, and max_depth is {deepest}."
        try:
            canonical.check(given)
        except CanonicalError as error:
            return f"The input cannot be stored: {error}"
        return ""


def outcome_of(child: Child) -> Outcome:
    """What the parent's flow gets of a child that has ended."""
    if child.status == "succeeded":
        return Outcome(child.result or "null")
    said = (child.error or {}).get("message") or child.cancel_reason
    message = f"The child run has {child.status}" + (f": {said}" if said else ".")
    error: dict[str, Any] = {"type": f"child_{child.status}", "message": message, "retryable": False}
    return Outcome.of(error | {"run": str(child.id), "error": child.error}, failed=True)
