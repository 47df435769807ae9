"""One request with everything that a decision takes; all of it from what was stored, nothing from the model's words."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from agents import blobs, reading
from agents.models import CallStatus
from agents.runtime.text import loads
from agents.runtime.version import catalogue
from console import prose, schema_form, talk
from console.prose import Line
from console.schema_form import Field
from console.standing import Standing, of_call
from reviews.eligibility import check_person
from reviews.exceptions import NotEligible
from reviews.models import ApprovalRequest, Decision
from reviews.people import approvers
from reviews.policy.seats import fits
from workspaces.models import Person
from workspaces.principal import Principal

LAST_TURNS = 3
VIEWS = {"form": "Form", "diff": "Diff", "json": "JSON"}
ON_EXPIRY = {
    "reject": "then it expires, and nothing runs",
    "respond": "then the agent gets the rule's own answer",
    "keep_waiting": "then it goes on waiting",
    "stop_run": "then it expires, and the run is stopped",
}
AFTER_APPROVAL = {
    CallStatus.WAITING: Standing("Approved, not yet in effect", "ok"),
    CallStatus.READY: Standing("Approved, about to run", "ok"),
    CallStatus.EXECUTING: Standing("Approved, running", "acc"),
    CallStatus.SUCCEEDED: Standing("Approved and done", "ok"),
    CallStatus.FAILED: Standing("Approved, but it failed", "bad"),
    CallStatus.IN_DOUBT: Standing("Approved, in doubt", "warn"),
}
NEEDS_ME = {
    "tool_call": "Needs your approval",
    "question": "Needs your answer",
    "in_doubt": "Did it happen?",
    "budget": "Needs your approval",
}
ENDED = {"rejected": "bad", "answered": "ok", "expired": "bad", "withdrawn": ""}


@dataclass(frozen=True, slots=True)
class Place:
    """One seat, and who fills it."""

    group: str | None
    vote: Decision | None


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument as it is, and as the agent proposed it where a person changed it."""

    field: Field
    before: str | None

    @property
    def text(self) -> str:
        """What will run."""
        return self.field.text


class Card:
    """A request as one person sees it."""

    def __init__(self, principal: Principal, approval: ApprovalRequest, view: str, now: datetime):
        self.principal, self.approval, self.view, self.now = principal, approval, view, now
        self.call, self.run = approval.tool_call, approval.run
        self.decisions = list(approval.decisions.select_related("person"))
        self.people = approvers(approval.workspace_id, without=approval.excluded)

    # --- how it stands ---

    @property
    def standing(self) -> Standing:
        """In a word, for this person."""
        approval = self.approval
        if approval.is_pending:
            return self._pending
        if approval.status == ApprovalRequest.Status.APPROVED:
            return AFTER_APPROVAL.get(CallStatus(self.call.status), of_call(self.call))
        return Standing(approval.get_status_display(), ENDED.get(approval.status, ""))  # type: ignore[arg-type]

    @property
    def _pending(self) -> Standing:
        if self.has_voted:
            return Standing("You approved, others are missing", "vio")
        return Standing(NEEDS_ME[self.approval.subject_kind], "warn") if self.may_decide else Standing("Open")

    @property
    def fingerprint(self) -> str:
        """Changes with everything that the page should tell of."""
        undone = sum(made.undone_at is not None for made in self.decisions)
        facts = (self.approval.status, self.approval.revision, len(self.decisions), undone, self.call.status)
        return "-".join(map(str, facts))

    @property
    def default_outcome(self) -> str:
        """What happens when the time is over."""
        return ON_EXPIRY.get(self.approval.on_expiry, "")

    @property
    def seconds_left(self) -> int:
        """Until the deadline."""
        return max(0, round((self.approval.deadline_at - self.now).total_seconds()))

    @property
    def seconds_in_all(self) -> int:
        """From the request to the deadline."""
        return max(1, round((self.approval.deadline_at - self.approval.created_at).total_seconds()))

    # --- what this person may do ---

    @cached_property
    def refusal(self) -> str:
        """Why this person may not decide; empty where they may."""
        try:
            check_person(self.approval, self.principal, self.people)
        except NotEligible as refusal:
            return str(refusal)
        return ""

    @property
    def may_decide(self) -> bool:
        """Whether to offer decisions; the verb asks again."""
        return self.approval.is_pending and not self.refusal

    @property
    def has_voted(self) -> bool:
        """Whether this person fills a place."""
        return any(place.vote and place.vote.person_id == self.principal.person.pk for place in self.places)

    @property
    def may_approve(self) -> bool:
        """Whether a place is left for this person."""
        free = [place.group for place in self.places if place.vote is None]
        return self.may_decide and not self.has_voted and any(fits(group, self.principal.groups) for group in free)

    @property
    def is_stuck(self) -> bool:
        """Whether there is nobody at all who may decide."""
        wanted = self.approval.places.values()
        may = any(fits(group, groups) for group in wanted for groups in self.people.values())
        return self.approval.is_pending and not may

    @property
    def groups_asked(self) -> str:
        """The groups that seats are kept for."""
        return ", ".join(sorted({group for group in self.approval.places.values() if group}))

    @property
    def undoable(self) -> Decision | None:
        """This person's decision that has not taken effect yet."""
        if self.approval.effective_at is None or self.approval.effective_at <= self.now or not self.decisions:
            return None
        last = self.decisions[-1]
        return last if last.person_id == self.principal.person.pk and last.undone_at is None else None

    @property
    def seconds_to_undo(self) -> int:
        """Until the decision takes effect."""
        effective_at = self.approval.effective_at
        return max(0, round((effective_at - self.now).total_seconds())) if effective_at else 0

    # --- people ---

    @cached_property
    def places(self) -> list[Place]:
        """The seats, filled and free."""
        votes = {made.seat: made for made in self.decisions if self._counts(made)}
        return [Place(group, votes.get(number)) for number, group in self.approval.places.items()]

    @property
    def filled(self) -> int:
        """How many of them are filled."""
        return sum(place.vote is not None for place in self.places)

    @property
    def history(self) -> list[Decision]:
        """Everything that was decided, but for the votes that the seats show."""
        return [made for made in self.decisions if not self._counts(made)]

    def _counts(self, made: Decision) -> bool:
        return made.kind == "approve" and made.revision == self.approval.revision and made.undone_at is None

    @property
    def excluded(self) -> list[Person]:
        """Those who may not decide, because the run is theirs."""
        return list(Person.objects.filter(pk__in=self.approval.excluded))

    # --- the call ---

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The schema of the tool's arguments; empty where any object is taken."""
        workspace = self.principal.workspace
        spec = catalogue(workspace.pk, workspace.switch.rules_epoch).get(self.call.tool)
        return spec.schema if spec else {}

    @cached_property
    def args(self) -> dict[str, Any]:
        """The arguments that will run."""
        found: dict[str, Any] = loads(bytes(self.call.args))
        return found

    @cached_property
    def proposed(self) -> dict[str, Any] | None:
        """The arguments that the agent proposed, where a person changed them."""
        return loads(bytes(self.call.proposed_args)) if self.call.proposed_args is not None else None

    @property
    def fields(self) -> list[Field]:
        """The form."""
        return schema_form.fields(self.schema, self.args)

    @property
    def arguments(self) -> list[Argument]:
        """The arguments, each beside what it was."""
        before = {one.path: one.text for one in schema_form.fields(self.schema, self.proposed or self.args)}
        shown = [one for one in self.fields if one.value is not schema_form.ABSENT or before.get(one.path)]
        return [Argument(one, None if before.get(one.path) == one.text else before.get(one.path, "")) for one in shown]

    @property
    def difference(self) -> list[Line]:
        """From the proposal to what will run."""
        return prose.difference(self.proposed, self.args) if self.proposed is not None else []

    @property
    def bytes(self) -> str:
        """The canonical bytes, which are all ASCII or UTF-8."""
        return bytes(self.call.args).decode()

    @property
    def facts(self) -> list[Line]:
        """What trusted lookups found."""
        return prose.lines(self.call.facts) if self.call.facts else []

    @property
    def report(self) -> list[Line]:
        """What a worker learned too late."""
        return prose.lines(self.call.late_report) if self.call.report else []

    @property
    def result(self) -> list[Line]:
        """What came of the call."""
        if self.call.seq is None:
            return []
        step = self.run.checkpoints.get(seq=self.call.seq)
        said = loads(blobs.read(step.outcome))
        return prose.lines(said["value"] if "value" in said else said.get("error"))

    # --- what the agent said ---

    @cached_property
    def _messages(self) -> list[dict[str, Any]]:
        return reading.messages_at(self.run)

    @cached_property
    def why(self) -> list[talk.Piece]:
        """The agent's own words with the proposal."""
        for message in reversed(self._messages):
            blocks = talk.blocks(message.get("content"))
            if any(block.get("type") == "tool_use" and block.get("id") == self.call.provider_id for block in blocks):
                return [talk.piece(block) for block in blocks if block.get("type") == "text" and block.get("text")]
        return []

    @property
    def turns(self) -> list[talk.Turn]:
        """The last of the conversation."""
        return talk.turns(self._messages[-LAST_TURNS:], self.run.agent.name)

    @property
    def turn_count(self) -> int:
        """How long the conversation is."""
        return len(self._messages)

    # --- the rules ---

    @property
    def rules(self) -> list[dict[str, Any]]:
        """The rules about this tool, those that spoke first."""
        about = [rule for rule in self.approval.explanation.get("rules", []) if rule["result"] in SPOKE]
        return sorted(about, key=lambda rule: rule["result"] == "false")

    @property
    def other_rules(self) -> int:
        """How many rules are about something else."""
        return len(self.approval.explanation.get("rules", [])) - len(self.rules)


SPOKE = {"matched", "error", "false"}
