"""One call of a story: judged by the rules in force, decided by people who may, and what it leaves in the tables."""

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from django.utils.timezone import now

from agents.runtime.outcomes import EDITED
from agents.runtime.propose import STATUS, call_digest
from agents.tools.spec import ToolSpec
from agents.tools.title import title
from reviews.deciding import ANSWERED_NOTE
from reviews.gate import rules_in_force
from reviews.locking import VALID_SECONDS
from reviews.models import ApprovalRequest
from reviews.opening import considered
from reviews.policy import values
from reviews.policy.evaluate import evaluate
from reviews.policy.seats import fits, places
from reviews.seeding.stories import Ask
from workspaces import canonical

if TYPE_CHECKING:
    from reviews.seeding.journal import Journal, Rows

STATUSES = {"edited": "approved", "open": "pending"}  # of approvals; other endings are called alike
NOT_MADE = "Nobody decided about this call in time, so it was not made."
BROKEN = {"type": "unreachable", "message": "The other side did not answer.", "retryable": True}


class Called:
    """`ended` is when its outcome is committed; all times are seconds since the start of the run."""

    def __init__(self, of: "Journal", ask: Ask, spec: ToolSpec, position: str, provider_id: str, created: float):
        self.of, self.ask, self.spec, self.position, self.provider_id = of, ask, spec, position, provider_id
        self.created, self.ending = created, ask.ending
        self.began: float | None = None
        self.seq: int | None = None
        self.proposed = self.args = spec.prepare(ask.args)
        self.title = ask.title

    # --- what the rules and people make of it ---

    def judge(self) -> None:
        """Ask the rules, as the gate does, and set the times at which people and the tool are done."""
        self.verdict = self.asked_for = self._verdict(self.ask.args)
        if self.verdict.decision != "ask":
            self.ending = "denied" if self.verdict.decision == "deny" else "allowed"
        self.deadline = self.created + self.verdict.requirement.deadline_seconds
        self.decided = self.deadline if self.ending == "expired" else self.created + self.ask.wait
        if self.ending == "edited":
            self._edit()
        undo = 0 if self.ending in ("expired", "allowed", "denied") else self.verdict.requirement.undo_seconds
        self.effective = self.decided + undo
        self._perform()

    def _edit(self) -> None:
        assert self.ask.edited
        self.args = self.spec.prepare(self.ask.edited)
        self.verdict, self.title = self._verdict(self.ask.edited), title(self.spec, self.ask.edited, {})
        self.deadline = min(self.deadline, self.decided + self.verdict.requirement.deadline_seconds)

    def _perform(self) -> None:
        self.ended = self.effective + 0.1
        if self.ending in ("allowed", "denied"):
            self.ended = self.created + 0.05
        if self.runs:
            self.began = self.ended
            self.ended = self.began + self.of.chance.expovariate(1.2)

    def _verdict(self, args: dict[str, Any]) -> values.Verdict:
        workspace, version = self.of.scenery.workspace, self.of.version
        context = values.Context(
            args=args,
            tool={"name": self.spec.name, "effect": self.spec.effect, "reaches": self.spec.reaches},
            agent={"name": version.agent.name, "version": version.number},
            run={"steps": 0, "cost": 0.0, "labels": {}},
            actor=self.of.actor(),
            facts={},
            taint=[],
            now=now(),
        )
        return evaluate(rules_in_force(workspace.pk, self.of.scenery.rules_epoch), context)

    @property
    def runs(self) -> bool:
        """Whether the tool is entered."""
        return self.ending in ("allowed", "approved", "edited")

    @property
    def is_open(self) -> bool:
        return self.ending == "open"

    @property
    def is_over(self) -> bool:
        """Whether it has an outcome."""
        return self.ending not in ("open", "withdrawn")

    def outcome(self) -> dict[str, Any]:
        """What the agent reads."""
        if self.ending == "rejected":
            return _failed("rejected", f"A reviewer refused this call: {self.ask.said}")
        if self.ending == "expired":
            return _failed("expired", NOT_MADE)
        if self.ending == "answered":
            note = {} if self.spec.name == "question" else {"note": ANSWERED_NOTE}
            return {"status": "answered", "value": self.ask.said} | note
        note = {"note": EDITED.format(args=self.args.decode())} if self.ending == "edited" else {}
        if self.ask.fails and self.began:
            return {"status": "failed", "error": BROKEN} | note
        return {"status": "succeeded", "value": self.ask.value} | note

    # --- rows ---

    def write(self, rows: "Rows", end: float) -> None:
        """Add what this call leaves; a call that is withdrawn is so at the run's end."""
        if self.ending == "withdrawn":
            self.decided = end
        rows.calls.append(self._call())
        if self.ending in ("allowed", "denied"):
            return
        rows.approvals.append(self._approval())
        rows.revisions.append(self._revision(1, self.proposed, None, self.created))
        seated = self._seated()
        if self.ending == "edited":
            rows.revisions.append(self._revision(2, self.args, seated[0], self.decided - 0.4))
        rows.decisions += self._decisions(seated)

    def _call(self) -> dict[str, Any]:
        is_asked = self.ending not in ("allowed", "denied")
        waits = self.ending in ("open", "withdrawn")
        status = {"open": "waiting", "withdrawn": "cancelled", "denied": "denied"}.get(self.ending)
        return {
            "position": self.position,
            "provider_id": self.provider_id,
            "tool": self.spec.name,
            "title": self.title,
            "effect": self.spec.effect,
            "reaches": self.spec.reaches,
            "status": status or self.outcome()["status"],
            "why": self.asked_for.why,
            "args": self.args,
            "digest": self.digest,
            "proposed_args": self.proposed if self.ending == "edited" else None,
            "schema_digest": self.spec.digest(),
            "rules_epoch": self.of.scenery.rules_epoch,
            "verdict": self.explanation,
            "effective": self.effective if is_asked and not waits else None,
            "valid": self.effective + VALID_SECONDS if is_asked and self.runs else None,
            "attempt": int(self.runs and self.spec.effect != "read"),
            "deadline": self.began + self.spec.timeout if self.began and self.spec.effect != "read" else None,
            "seq": self.seq,
            "created": self.created,
            "began": self.began,
            "ended": {"open": None, "withdrawn": self.decided}.get(self.ending, self.ended),
        }

    def _approval(self) -> dict[str, Any]:
        assert STATUS[self.verdict.decision] == "waiting"
        is_final = self.ending not in ("open", "withdrawn")
        return ApprovalRequest.demanded_by(self.verdict.requirement) | {
            "position": self.position,
            "subject_kind": "question" if self.spec.name == "question" else "tool_call",
            "status": STATUSES.get(self.ending, self.ending),
            "title": self.title,
            "revision": 2 if self.ending == "edited" else 1,
            "digest": self.digest,
            "excluded": [self.of.starter.pk],
            "explanation": self.explanation,
            "policy_revisions": considered(self.explanation),
            "requirement_digest": bytes.fromhex(self.explanation["requirement_digest"]),
            "created": self.created,
            "deadline": self.deadline,
            "decided": None if self.is_open else self.decided,
            "effective": self.effective if is_final else None,
        }

    @property
    def digest(self) -> bytes:
        return call_digest(self.spec.name, self.args)

    @cached_property
    def explanation(self) -> dict[str, Any]:
        """The last verdict as the gate keeps it; read only once it is final."""
        digest = _requirement_digest(self.verdict.requirement, self.spec.digest())
        return self.verdict.explanation() | {"requirement_digest": digest}

    def _revision(self, number: int, args: bytes, by: int | None, created: float) -> dict[str, Any]:
        digest = call_digest(self.spec.name, args)
        same = {"position": self.position, "number": number, "created": created}
        return same | {"args": args, "digest": digest, "edited_by": by}

    def _seated(self) -> list[int]:
        """Somebody for each place, never twice the same."""
        taken: list[int] = []
        for group in places(self.verdict.requirement.seats).values():
            may = [one for one, groups in self.of.scenery.approvers.items() if fits(group, groups) and one not in taken]
            taken.append(self.of.chance.choice(may))
        return taken

    def _decisions(self, seated: list[int]) -> list[dict[str, Any]]:
        if self.ending in ("approved", "edited"):
            revision = 2 if self.ending == "edited" else 1
            votes = [self._decision("approve", person, seat, revision) for seat, person in enumerate(seated)]
            first = [self._decision("edit", seated[0], None, 1)] if self.ending == "edited" else []
            return [made | {"n": n} for n, made in enumerate(first + votes, 1)]
        kind = {"rejected": "reject", "answered": "respond"}.get(self.ending)
        return [self._decision(kind, seated[0], None, 1) | {"n": 1}] if kind else []

    def _decision(self, kind: str, person: int, seat: int | None, revision: int) -> dict[str, Any]:
        seen = self.proposed if kind == "edit" else self.args
        early = 0.4 if kind == "edit" else 0.0
        return {
            "position": self.position,
            "kind": kind,
            "person": person,
            "actor": self.of.person(person).username,
            "revision": revision,
            "digest": call_digest(self.spec.name, seen),
            "digest_after": self.digest.hex() if kind == "edit" else None,
            "seat": seat,
            "reason": self.ask.said if kind == "reject" else "",
            "text": self.ask.said if kind == "respond" else "",
            "args_after": self.args if kind == "edit" else None,
            "policy_revisions": considered(self.explanation),
            "created": self.decided - early,
        }


@lru_cache(maxsize=1024)
def _requirement_digest(requirement: values.Requirement, tool_digest: bytes) -> str:
    return requirement.digest(tool_digest).hex()


def _failed(status: str, message: str) -> dict[str, Any]:
    return {"status": status, "error": {"type": status, "message": message, "retryable": False}}


def audited(decision: dict[str, Any]) -> str:
    """The detail of a decision's audit entry; RUN and CALL stand where the ids of a copy go."""
    same = ("n", "revision", "digest_after", "seat", "reason", "policy_revisions")
    detail = {name: decision[name] for name in same} | {"digest": decision["digest"].hex()}
    return canonical.dumps(detail | {"run": "RUN", "tool_call": "CALL"}).decode()
