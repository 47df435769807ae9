"""One request with everything that a decision takes; all of it from what was stored, nothing from the model's words."""

from datetime import datetime
from functools import cached_property

from agents.models import CallStatus
from console import delays
from console.considered import Considered
from console.proposal import Proposal
from console.prospect import Prospect
from console.seats import Place, seated
from console.standing import Standing, of_call
from console.talk_before import TalkBefore
from reviews.batching import alone
from reviews.eligibility import check_person
from reviews.exceptions import NotEligible
from reviews.models import ApprovalRequest, Claim, Comment, Decision, Handover
from reviews.people import approvers
from reviews.policy.seats import fits
from workspaces.models import Person
from workspaces.principal import Principal

VIEWS = {"form": "Form", "diff": "Diff", "json": "JSON"}
ON_EXPIRY = {
    "reject": "then it expires, nothing runs",
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
UNANSWERED = "then the agent goes on unanswered"
NEEDS_ME = {
    "tool_call": "Needs your approval",
    "question": "Needs your answer",
    "in_doubt": "Did it happen?",
    "budget": "Needs your approval",
}
ENDED = {"rejected": "bad", "answered": "acc", "expired": "warn", "withdrawn": ""}


class Card:
    """A request as one person sees it."""

    def __init__(self, principal: Principal, approval: ApprovalRequest, view: str, now: datetime):
        self.principal, self.approval, self.view, self.now = principal, approval, view, now
        self.call, self.run = approval.tool_call, approval.run
        self.decisions = list(approval.decisions.select_related("person"))

    @cached_property
    def people(self) -> dict[int, frozenset[str]]:
        """Those who could decide, with their groups."""
        return approvers(self.approval.workspace_id, without=self.approval.excluded)

    # --- how it stands ---

    @property
    def standing(self) -> Standing:
        """In a word, for this person."""
        approval = self.approval
        if approval.is_pending:
            return self._pending
        if approval.status == ApprovalRequest.Status.APPROVED:
            if self.prospect.held_by and self.prospect.has_yet_to_start:
                return Standing("Approved, held by a stop", "warn")
            return AFTER_APPROVAL.get(CallStatus(self.call.status), of_call(self.call))
        word = "Settled" if self.is_settled else approval.get_status_display()
        return Standing(word, ENDED.get(approval.status, ""))  # type: ignore[arg-type]

    @property
    def is_settled(self) -> bool:
        """Whether people said of a call in doubt what became of it, which is no answer in its place."""
        return self.approval.subject_kind == "in_doubt" and self.approval.status == "answered"

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
    def beside(self) -> str:
        """Changes with the comments and the claim."""
        handed = self.handover.person_id if self.handover else ""
        return f"{len(self.comments)}-{self.holder.person_id if self.holder else ''}-{handed}"

    @property
    def default_outcome(self) -> str:
        """What happens when the time is over."""
        is_refused = self.approval.subject_kind == "question" and self.approval.on_expiry == "reject"
        return UNANSWERED if is_refused else ON_EXPIRY.get(self.approval.on_expiry, "")

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
    def may_batch(self) -> bool:
        """Whether it may be decided together with others like it."""
        return not alone(self.approval, self.approval)

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
        return seated(self.approval, votes, self.principal.person.pk, self.people)

    @property
    def takes_votes(self) -> bool:
        """Whether seats are filled one by one; a question and a doubt end with the first answer."""
        return self.approval.subject_kind in ("tool_call", "budget")

    @property
    def shown_places(self) -> list[Place]:
        """The seats; once it is decided, those that somebody filled."""
        return [place for place in self.places if place.vote or self.approval.is_pending]

    @property
    def filled(self) -> int:
        """How many of them are filled."""
        return sum(place.vote is not None for place in self.places)

    @property
    def history(self) -> list[Decision]:
        """Everything that was decided, but for the votes that the seats show."""
        return [made for made in self.decisions if not self._counts(made)]

    @property
    def lost(self) -> list[Person]:
        """Those whose votes for earlier arguments no longer count, and who have not voted again."""
        again = {place.vote.person_id for place in self.places if place.vote}
        voted = [made for made in self.decisions if made.kind == "approve" and made.undone_at is None]
        found = {made.person_id: made.person for made in voted if made.revision < self.approval.revision}
        return [person for key, person in found.items() if key not in again]

    @property
    def voters(self) -> list[Person]:
        """Those who have voted for the arguments as they are."""
        return [place.vote.person for place in self.places if place.vote]

    @property
    def ended_by(self) -> Decision | None:
        """The decision that ended it without the call, which no seat shows."""
        ended = self.approval.status in ENDED and self.decisions and self.decisions[-1].undone_at is None
        return self.decisions[-1] if ended and not self._counts(self.decisions[-1]) else None

    def _counts(self, made: Decision) -> bool:
        return made.kind == "approve" and made.revision == self.approval.revision and made.undone_at is None

    @property
    def excluded(self) -> list[Person]:
        """Those who may not decide, because the run is theirs."""
        return list(Person.objects.filter(pk__in=self.approval.excluded))

    # --- the call and what was said about it ---

    @cached_property
    def proposal(self) -> Proposal:
        """The call, as it was stored."""
        return Proposal(self.approval, self.principal.workspace)

    @cached_property
    def talk(self) -> TalkBefore:
        """What was said before it."""
        return TalkBefore(self.approval, self.proposal)

    # --- who looks after it ---

    @cached_property
    def holder(self) -> Claim | None:
        """The claim that has not lapsed."""
        held = Claim.objects.select_related("person").filter(approval=self.approval).first()
        return held if held and self.approval.is_pending and held.is_live(self.now) else None

    @property
    def is_mine(self) -> bool:
        """Whether this person has claimed it."""
        return self.holder is not None and self.holder.person_id == self.principal.person.pk

    @cached_property
    def handover(self) -> Handover | None:
        """To whom it was given for the time being."""
        given: Handover | None = getattr(self.approval, "handover", None)
        return given if given and self.approval.is_pending and given.until > self.now else None

    @property
    def put_off_choices(self) -> list[tuple[int, str]]:
        """For how many minutes it can be put off, in words."""
        return delays.choices(self.seconds_left)

    @cached_property
    def put_off_until(self) -> datetime | None:
        """Until when this person has put it off."""
        own = self.approval.snoozes.filter(person=self.principal.person, until__gt=self.now)
        return own.values_list("until", flat=True).first() if self.approval.is_pending else None

    @cached_property
    def comments(self) -> list[Comment]:
        """What people said to each other."""
        return list(self.approval.comments.select_related("person"))

    @property
    def may_comment(self) -> bool:
        """Whether to offer it; the verb asks again."""
        return self.principal.may("operate")

    # --- the rules, and what an approval leads to ---

    @cached_property
    def prospect(self) -> Prospect:
        """Whether it does as it is, what holds it, and the other requests about its call."""
        return Prospect(self.approval, self.principal.workspace.switch)

    @cached_property
    def considered(self) -> Considered:
        """The rules, and what came of each."""
        return Considered(self.approval)
