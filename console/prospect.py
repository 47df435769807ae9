"""What an approval leads to besides the call itself: rules that have changed since, a stop that holds it, and how the
requests about one call follow each other."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from console.figures import duration
from reviews.models import ApprovalRequest
from reviews.outdated import demanded_now, of_same_call
from reviews.policy.values import Verdict
from workspaces.models import Person, Switch


class Prospect:
    """Of one request."""

    def __init__(self, approval: ApprovalRequest, switch: Switch):
        self.approval, self.switch = approval, switch

    @cached_property
    def rules_now(self) -> str:
        """What becomes of an approval under rules that have changed since; empty where it does as it is."""
        verdict = demanded_now(self.approval, self.switch.rules_epoch) if self.approval.is_pending else None
        return in_words(verdict) if verdict else ""

    @property
    def held_by(self) -> str:
        """What is stopped and holds the call."""
        return self.switch.holding(self.approval.run.agent.name, self.approval.tool_call.tool)

    @property
    def held(self) -> str:
        """That it is held, in a sentence."""
        return f"Held while {self.held_by} is stopped." if self.held_by else ""

    @property
    def ahead(self) -> str:
        """What happens first, once it is approved; empty where the call just runs."""
        return self.rules_now or self.held

    @cached_property
    def _same_call(self) -> list[ApprovalRequest]:
        return of_same_call(self.approval) if getattr(self.approval, "has_others", True) else []

    @property
    def asked_before(self) -> ApprovalRequest | None:
        """The request whose approval became void, so that this one was opened."""
        before = [one for one in self._same_call if one.pk < self.approval.pk and one.status == "withdrawn"]
        return before[-1] if before else None

    @property
    def approved_before(self) -> list[Person]:
        """Those who had approved that one."""
        return [vote.person for vote in self.asked_before.votes().select_related("person")] if self.asked_before else []

    @property
    def asked_again(self) -> ApprovalRequest | None:
        """The request that came in its place."""
        return next((one for one in self._same_call if one.pk > self.approval.pk), None)

    @property
    def why_withdrawn(self) -> str:
        """Why there was nothing left to decide."""
        run = self.approval.run
        if self.asked_again is None:
            return (
                f"The run has ended: {run.get_status_display().lower()}."
                if run.has_ended
                else "The run goes on without it."
            )
        if bytes(self.asked_again.requirement_digest) == bytes(self.approval.requirement_digest):
            return "What was decided no longer counted, so it was asked for again."
        return "What the rules demand had changed since, so an approval no longer counted: it was asked for again."


def in_words(verdict: Verdict) -> str:
    """What the rules in force mean for who decides under older ones."""
    if verdict.decision == "deny":
        return f"By the rules in force now it will not run, approved or not: {verdict.why}"
    wanted, within = seats_in_words(verdict.requirement.as_json()), duration(verdict.requirement.deadline_seconds)
    return f"Once approved it is asked for again, as the rules in force now demand: {wanted}, within {within}."


def seats_in_words(requirement: Mapping[str, Any]) -> str:
    """1 of finance and 1 of any approver."""
    return " and ".join(f"{one['count']} of {one['group'] or 'any approver'}" for one in requirement["seats"])
