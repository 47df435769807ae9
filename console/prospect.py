"""What an approval leads to besides the call itself: rules that have changed since, a stop that holds it, and how the
requests about one call follow each other."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from agents.models import CallStatus
from console.figures import duration
from reviews.models import ApprovalRequest, PolicyRevision
from reviews.outdated import demanded_now, of_same_call
from reviews.policy.values import Verdict
from workspaces.models import Person, Switch

UNNAMED = "the rules in force now"
HOLDABLE = (CallStatus.WAITING, CallStatus.READY)


class Prospect:
    """Of one request."""

    def __init__(self, approval: ApprovalRequest, switch: Switch):
        self.approval, self.switch = approval, switch

    @cached_property
    def verdict_now(self) -> Verdict | None:
        """What rules that have changed since say of it; None where an approval does as it is, or has done."""
        is_open = self.approval.is_pending or self.has_yet_to_start
        return demanded_now(self.approval, self.switch.rules_epoch) if is_open else None

    @property
    def has_yet_to_start(self) -> bool:
        """Whether it is approved, and its call could still be held or judged anew."""
        return self.approval.status == "approved" and self.approval.tool_call.status in HOLDABLE

    @cached_property
    def rules_now(self) -> str:
        """What becomes of an approval under those rules, for one of many; empty where nothing else does."""
        return ahead_in_words(self.verdict_now, "", UNNAMED) if self.verdict_now else ""

    @property
    def revisions_now(self) -> str:
        """The policies whose rules in force spoke about it, with their revisions."""
        spoke = (
            [found.rule.revision_id for found in self.verdict_now.findings if found.is_hit] if self.verdict_now else []
        )
        named = PolicyRevision.objects.filter(pk__in=spoke).select_related("policy_set")
        return ", ".join(map(str, named)) or UNNAMED

    @property
    def held_by(self) -> str:
        """What is stopped and holds the call."""
        return self.switch.holding(self.approval.run.agent.name, self.approval.tool_call.tool)

    @property
    def ahead(self) -> tuple[str, str]:
        """What happens first once it is approved, for who has yet to decide: what is so, and what it leads to."""
        rules, held = self.verdict_now, f"{self.held_by} is stopped" if self.held_by else ""
        if rules:
            also = f", and {held}" if held else ""
            return f"The rules have changed since this was asked{also}.", ahead_in_words(
                rules, self.held_by, self.revisions_now
            )
        starts = "What is approved starts when that ends, if it ends within a quarter of an hour."
        return (f"{held[0].upper()}{held[1:]}.", starts) if held else ("", "")

    @property
    def afterwards(self) -> str:
        """The same for who has just approved it, or looks at it later; empty where the call just runs."""
        if self.verdict_now:
            return afterwards_in_words(self.verdict_now, self.held_by, self.revisions_now)
        return f"Held while {self.held_by} is stopped." if self.held_by else ""

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


def ahead_in_words(verdict: Verdict, held_by: str, under: str) -> str:
    """What the rules in force mean for who decides under older ones, perhaps while something is stopped."""
    if verdict.decision == "deny":
        return f"By the rules in force now it will not run, approved or not: {verdict.why}"
    held = f"held while {held_by} is stopped, and when that ends " if held_by else ""
    return f"Once approved it is {held}asked for again under {under}: {demanded(verdict)}."


def afterwards_in_words(verdict: Verdict, held_by: str, under: str) -> str:
    """What they mean for what was approved under older ones."""
    if verdict.decision == "deny":
        return f"By the rules in force now it will not run: {verdict.why}"
    when = f"Held while {held_by} is stopped; when that ends it is" if held_by else "It is now"
    return f"{when} asked for again under {under}: {demanded(verdict)}."


def demanded(verdict: Verdict) -> str:
    """Of whom, and until when."""
    return f"{seats_in_words(verdict.requirement.as_json())}, within {duration(verdict.requirement.deadline_seconds)}"


def seats_in_words(requirement: Mapping[str, Any]) -> str:
    """1 of finance and 1 of any approver."""
    return " and ".join(f"{one['count']} of {one['group'] or 'any approver'}" for one in requirement["seats"])
