"""The one verb of people: a decision checked, counted, and written with all that follows from it."""

from dataclasses import dataclass, field
from typing import Any, Unpack
from uuid import UUID

from django.db import transaction

from agents.models import BudgetRaise
from agents.models.tool_call import resolved
from reviews import credentials, opening
from reviews.editing import Edit, prepare
from reviews.eligibility import check_person, check_principal
from reviews.exceptions import AlreadyDecided, Changed, Expired, KindRefused, SeatTaken, Withdrawn
from reviews.locking import Locked
from reviews.models import ApprovalRequest, Decision
from reviews.models.approval import Said
from reviews.people import approvers
from reviews.policy.seats import choose
from workspaces import audit, canonical, events
from workspaces.principal import Principal

KINDS = {
    "tool_call": ["approve", "edit", "reject", "respond"],
    "question": ["respond", "reject"],
    "in_doubt": ["happened", "did_not_happen", "retry"],
    "budget": ["approve", "reject"],
}
NEEDS = {
    "edit": "args",
    "reject": "reason",
    "respond": "text",
    "happened": "reason",
    "did_not_happen": "reason",
    "retry": "reason",
}
MISSING = {"edit": "An edit takes args.", "reject": "The agent needs a reason.", "respond": "The agent needs a text."}
AFTER_REJECTION = {"": "", "retry": " (You may propose it again, differently.)", "stop": " (The run is being stopped.)"}
MAX_TEXT = 20_000
type Settlement = tuple[str, str, dict[str, Any] | None]  # what approval and call become, and the call's outcome
ANSWERED_NOTE = "A person answered in place of the tool, which was not called."


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody decides, checked for being complete."""

    kind: str
    digest: bytes
    by: Principal
    text: str = ""
    reason: str = ""
    result: Any = None
    edit: Edit | None = field(default=None)
    then: str = ""
    batch: UUID | None = None

    def is_repeated_in(self, decision: Decision, revision: int) -> bool:
        """Whether that was this very decision; all but an edit are about the current revision."""
        if self.kind != "edit" and decision.revision != revision:
            return False
        return (decision.person_id, decision.kind, bytes(decision.digest), decision.text, decision.edited_to) == (
            self.by.person.pk,
            self.kind,
            self.digest,
            self.text,
            self.edit.args if self.edit else None,
        )


def decide(approval: ApprovalRequest, kind: str, *, by: Principal, digest: bytes, **said: Unpack[Said]) -> Decision:
    """See `ApprovalRequest.decide`."""
    check_principal(approval, by)
    choice = _read(approval, kind, by, digest, said)
    with transaction.atomic():
        return Deciding(Locked.take(approval), choice).go()


class Deciding:
    """One decision, with the rows it concerns locked."""

    def __init__(self, locked: Locked, choice: Choice):
        self.locked, self.choice, self.approval = locked, choice, locked.approval
        self.people = approvers(self.approval.workspace_id, without=self.approval.excluded)
        self.made = list(self.approval.decisions.select_related("person"))
        self.decisions = [made for made in self.made if made.undone_at is None]
        self.settlement: Settlement | None = None

    def go(self) -> Decision:
        """The decision, written with what follows from it; or the same one that was made before."""
        check_person(self.approval, self.choice.by, self.people)
        if earlier := self._earlier():
            return earlier
        self._check_open()
        if self.choice.digest != bytes(self.approval.digest):
            raise changed(self.approval)
        decision: Decision = getattr(self, f"_{self.choice.kind}")()
        self._tell(decision)
        if self.settlement:
            is_stop = self.choice.then == "stop"
            self.locked.settle(*self.settlement, undo_seconds=0 if is_stop else self.approval.undo_seconds)
            if is_stop:
                self.locked.run.cancel(reason=f"A reviewer stopped it: {self.choice.reason}", by=self.choice.by)
        return decision

    # --- what may stand in the way ---

    def _earlier(self) -> Decision | None:
        """The same decision by the same person; an edit back and forth is no repetition."""
        if self.choice.kind == "edit" and self.choice.digest == bytes(self.approval.digest):
            return None
        revision = self.approval.revision
        return next((made for made in reversed(self.decisions) if self.choice.is_repeated_in(made, revision)), None)

    def _check_open(self) -> None:
        approval = self.approval
        if approval.status == ApprovalRequest.Status.EXPIRED:
            raise self._expired()
        if approval.status == ApprovalRequest.Status.WITHDRAWN:
            raise Withdrawn("There is nothing left to decide: the run has ended, or the call is asked for again.")
        if not approval.is_pending:
            raise self._decided()
        if approval.deadline_at <= self.locked.now and approval.on_expiry != "keep_waiting":
            raise self._expired()
        is_over = self.locked.run.has_ended or self.locked.run.cancel_requested_at
        if is_over and self.choice.kind not in ("happened", "did_not_happen"):
            raise Withdrawn("The run is being cancelled, so there is nothing left to decide.")

    def _expired(self) -> Expired:
        seconds = max((self.locked.now - self.approval.deadline_at).total_seconds(), 0)
        return Expired(f"This expired {seconds:.0f} s before you decided.")

    def _decided(self) -> AlreadyDecided:
        last = self.decisions[-1]
        current = {
            "status": self.approval.status,
            "kind": last.kind,
            "person": last.person.username,
            "decided_at": last.created_at,
        }
        return AlreadyDecided(f"{last.person} has already {last.said_of_this}.", current)

    # --- kinds ---

    def _approve(self) -> Decision:
        votes = [made for made in self.decisions if self._counts(made)]
        seat = self._seat(votes)
        if len(votes) + 1 == len(self.approval.places):
            self._grant()
        return self._write(seat=seat)

    def _grant(self) -> None:
        """The call may start; a request for more is granted here and now."""
        if is_budget := self.approval.subject_kind == ApprovalRequest.Subject.BUDGET:
            BudgetRaise.objects.grant(self.locked.call, self.choice.by.person)
        self.settlement = "approved", "succeeded" if is_budget else "ready", None

    def _reject(self) -> Decision:
        then = self.choice.then
        message = f"A reviewer refused this call: {self.choice.reason}{AFTER_REJECTION[then]}"
        error = {"type": "rejected", "message": message, "retryable": then == "retry"}
        self.settlement = "rejected", "rejected", {"status": "rejected", "error": error}
        return self._write(then=then)

    def _respond(self) -> Decision:
        note = {} if self.approval.subject_kind == "question" else {"note": ANSWERED_NOTE}
        self.settlement = "answered", "answered", {"status": "answered", "value": self.choice.text} | note
        return self._write(text=self.choice.text)

    def _edit(self) -> Decision:
        edit = self.choice.edit
        assert edit
        edit.apply(self.locked, self.choice.by.person)
        return self._write(args_after=edit.args)

    def _happened(self) -> Decision:
        return self._resolve()

    def _did_not_happen(self) -> Decision:
        return self._resolve()

    def _resolve(self) -> Decision:
        status, outcome = resolved(self.choice.kind, self.choice.result, self.choice.reason)  # type: ignore[arg-type]
        self.settlement = "answered", status, outcome
        return self._write(text=self.choice.text)

    def _retry(self) -> Decision:
        """The call waits again, and the same seats are asked once more: a retry is a new effect."""
        self.locked.move_call(status="waiting", decided="", effective_at=None, valid_until=None, outcome=None)
        self.locked.move_approval(status="answered", decided_at=self.locked.now, effective_at=self.locked.now)
        self.locked.call.refresh_from_db()
        opening.put(self.locked.call, risk="high")
        self.locked.run.wake()
        return self._write()

    # --- writing ---

    def _counts(self, made: Decision) -> bool:
        return made.kind == "approve" and made.revision == self.approval.revision

    def _seat(self, votes: list[Decision]) -> int:
        """The place that this vote fills."""
        taken, voters = {made.seat for made in votes}, {made.person_id for made in votes}
        person, free = self.choice.by.person.pk, {n: at for n, at in self.approval.places.items() if n not in taken}
        if person in voters:
            raise SeatTaken("You have filled a seat already; one person fills one.")
        others = {one: groups for one, groups in self.people.items() if one not in voters | {person}}
        seat = choose(free, self.people[person], others)
        if seat is None:
            names = ", ".join(str(made.person) for made in votes)
            raise SeatTaken(f"The seats that you could fill are filled by {names}.")
        return seat

    def _write(self, **columns: Any) -> Decision:
        by = self.choice.by
        return Decision.objects.create(
            approval=self.approval,
            n=len(self.made) + 1,
            kind=self.choice.kind,
            person=by.person,
            token=by.token,
            channel=by.channel,
            revision=self.approval.revision,
            digest=self.choice.digest,
            reason=self.choice.reason,
            batch=self.choice.batch,
            created_at=self.locked.now,  # the moment at which it was found to be in time
            **columns,
        )

    def _tell(self, decision: Decision) -> None:
        """The audit entry, and the event for pages and webhooks."""
        approval, edit = self.approval, self.choice.edit
        detail = {
            "n": decision.n,
            "run": str(approval.run_id),
            "tool_call": str(approval.tool_call_id),
            "revision": decision.revision,
            "digest": self.choice.digest.hex(),
            "digest_after": edit.digest.hex() if edit else None,
            "seat": decision.seat,
            "reason": decision.reason,
            "then": decision.then,
            "batch": str(decision.batch or ""),
            "policy_revisions": approval.policy_revisions,
        }
        audit.record(approval.workspace_id, self.choice.by, f"approval.{decision.kind}", approval.pk, detail)
        others = {"edit": "approval.edited", "retry": "approval.decided"}
        kind = others.get(decision.kind, "approval.decided" if self.settlement else "approval.voted")
        events.record(approval.workspace_id, "approval", kind, approval.pk, decision.n)


def changed(approval: ApprovalRequest) -> Changed:
    """What tells that the arguments are no longer those that were seen."""
    current = {"digest": bytes(approval.digest).hex(), "revision": approval.revision}
    return Changed("The arguments have changed since you looked: this is another call now.", current)


def _read(approval: ApprovalRequest, kind: str, by: Principal, digest: bytes, said: Said) -> Choice:
    """The choice, if it is one that this approval allows and complete."""
    possible = KINDS[approval.subject_kind]
    if kind not in possible:
        raise KindRefused(f"This is decided by {', '.join(possible[:-1])} or {possible[-1]}.")
    if kind == "edit" and not approval.edit_allowed:
        raise KindRefused("The rules do not allow these arguments to be edited.")
    reason, text = _text("reason", said.get("reason")), _text("text", said.get("text"))
    _check_complete(kind, {"reason": reason or None, "text": text.strip() or None, "args": said.get("args")})
    if kind == "happened":
        text = canonical.dumps(said.get("result")).decode()
    edit = prepare(approval, said.get("args"), seen=digest) if kind == "edit" else None
    if not said.get("credential_is_meant"):
        credentials.check([reason, text, edit.args.decode() if edit else ""], bytes(approval.tool_call.args))
    return Choice(kind, digest, by, text, reason, said.get("result"), edit, _then(kind, said), said.get("batch"))


def _then(kind: str, said: Said) -> str:
    """What is to follow a rejection."""
    then = said.get("then") or ""
    if then and (kind != "reject" or then not in Decision.Then.values):
        raise KindRefused("Only a rejection says what follows: retry or stop.", [{"path": "/then", "message": "No."}])
    return then


def _check_complete(kind: str, said: dict[str, Any]) -> None:
    need = NEEDS.get(kind)
    if need and said[need] is None:
        raise KindRefused(MISSING.get(kind, "Say why."), [{"path": f"/{need}", "message": "Required."}])


def _text(name: str, value: str | None) -> str:
    """Words of a person, as they can be stored."""
    text = (value or "").strip() if name == "reason" else value or ""
    canonical.check(text)
    if len(text) > MAX_TEXT:
        sentence = f"At most {MAX_TEXT:,} characters."
        raise KindRefused(f"The {name} is too long. {sentence}", [{"path": f"/{name}", "message": sentence}])
    return text
