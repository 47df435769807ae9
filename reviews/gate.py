"""The gate that the runtime asks: rules of the active policies, and people where they ask for people."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.utils.timezone import now

from agents.models import ToolCall
from agents.models.tool_call import Resolution
from agents.runtime import database, version
from agents.runtime.fairness import computing
from agents.runtime.gate import Proposal, Verdict
from agents.tools.lookups import look_up
from agents.tools.types import CallContext
from reviews import flood, opening
from reviews.exceptions import Withdrawn
from reviews.models import ApprovalRequest, Rule
from reviews.people import approvers, excluded_from
from reviews.policy import values
from reviews.policy.evaluate import evaluate
from reviews.policy.seats import can_all_be_filled, fits, places
from reviews.suspicion import repetition, suspicions
from workspaces import events
from workspaces.principal import Principal


class Gate:
    """`settings.GATE` of an installation with reviews."""

    def check(self, proposal: Proposal) -> Verdict:
        """Look facts up, judge the call by the rules in force, and see whether those whom they ask for exist."""
        verdict, facts = judged(proposal)
        tool_digest = proposal.tool.digest()
        explanation = verdict.explanation()
        if verdict.decision == "allow" and proposal.tool.effect == "read":
            del explanation["requirement"]  # nobody is ever asked about it: a read is repeated, and not put in doubt
            return Verdict("allow", verdict.why, explanation, facts)
        explanation["requirement_digest"] = verdict.requirement.digest(tool_digest).hex()
        if verdict.decision == "ask" or proposal.call_id:  # an edit is asked for even where the rules would allow it
            explanation |= suspicions(proposal, facts) | repetition(proposal, facts)
        if verdict.decision != "ask":
            return Verdict(verdict.decision, verdict.why, explanation, facts)
        if nobody := _why_nobody(proposal, verdict.requirement):
            events.record(proposal.workspace_id, "run", "run.nobody_may_approve", proposal.run_id)
            return Verdict("deny", nobody, explanation | {"decision": "deny", "why": nobody}, facts)
        stands = _stands(proposal, verdict.requirement.digest(tool_digest))
        return Verdict("ask", verdict.why, explanation, facts, stands=stands)

    def opened(self, call_ids: list[UUID]) -> None:
        """Calls have begun to wait, or are in doubt."""
        opening.open_for(call_ids)
        flood.restrain(call_ids)

    def closed(self, call_ids: list[UUID]) -> None:
        """Calls are over without having run."""
        opening.withdraw(call_ids)

    def resolve(
        self, call: ToolCall, *, by: Principal, kind: Resolution, digest: bytes, result: Any, reason: str
    ) -> None:
        """Say what became of a call in doubt, which is a decision about its approval."""
        approval = ApprovalRequest.objects.filter(tool_call=call, subject_kind="in_doubt").order_by("-pk").first()
        if approval is None:
            raise Withdrawn(f"This call is not in doubt, it is {call.status}.")
        approval.decide(kind, by=by, digest=digest, result=result, reason=reason)


@lru_cache(maxsize=256)
def rules_in_force(workspace_id: int, rules_epoch: int) -> tuple[values.Rule, ...]:
    """The rules of the active policies. Whatever changes them moves `rules_epoch` in the same transaction."""
    return tuple(rule.value() for rule in Rule.objects.in_force(workspace_id))


def judged(proposal: Proposal) -> tuple[values.Verdict, dict[str, Any]]:
    """What the rules in force say about a call, and the facts that they were asked with; nothing is written."""
    facts = looked_up(proposal)
    rules = rules_in_force(proposal.workspace_id, proposal.rules_epoch)
    return _asking_people(proposal, evaluate(rules, context(proposal, facts))), facts


def looked_up(proposal: Proposal) -> dict[str, Any]:
    """What the tool's trusted lookups find; each is a read of its own, not the call."""
    if not proposal.tool.lookups:
        return {}
    call_id = proposal.call_id or uuid.uuid4()
    place = CallContext(
        call_id, 0, proposal.run_id, proposal.workspace_id, key=str(call_id), acting_for=proposal.started_by_id
    )
    database.release()  # the lookups take connections of their own
    with computing.paused():
        return look_up(proposal.tool, proposal.arguments, place)


def context(proposal: Proposal, facts: dict[str, Any]) -> values.Context:
    """What the rules may know. Taint is not tracked yet, so none is known."""
    tool = proposal.tool
    return values.Context(
        args=proposal.arguments,
        tool={"name": tool.name, "effect": tool.effect, "reaches": tool.reaches},
        agent={"name": proposal.agent, "version": version.load(proposal.agent_version_id).number},
        run={"steps": proposal.steps, "cost": proposal.cost / 1_000_000, "labels": proposal.labels},
        actor={"id": proposal.started_by_id, "username": proposal.started_by},
        facts=facts,
        taint=[],
        now=now(),
    )


def _asking_people(proposal: Proposal, verdict: values.Verdict) -> values.Verdict:
    """What is held is for people, whatever the rules allow; they may forbid it, or say whom to ask."""
    if proposal.held and verdict.decision == "allow":
        return replace(verdict, decision="ask", why=proposal.held)
    return verdict


def _why_nobody(proposal: Proposal, requirement: values.Requirement) -> str:
    """Why no approval could ever come about, or an empty text."""
    if not requirement.channels:
        return "The rules that ask for people name channels that exclude each other, so nobody could approve this."
    wanted = places(requirement.seats)
    if can_all_be_filled(wanted, approvers(proposal.workspace_id, without=excluded_from(proposal.run_id))):
        return ""
    who = ", ".join(f"{seat.count} of {seat.group or 'any approver'}" for seat in requirement.seats)
    return f"This needs {who}, other than whoever started the run, and there are not enough such people."


def _stands(proposal: Proposal, requirement_digest: bytes) -> bool:
    """Whether an approval that was given still covers the call: same bytes, same demand, same people in place."""
    if proposal.call_id is None:
        return False
    approval = ApprovalRequest.objects.filter(tool_call=proposal.call_id).order_by("-pk").first()
    if approval is None or approval.status != ApprovalRequest.Status.APPROVED:
        return False
    demanded = bytes(approval.digest), bytes(approval.requirement_digest)
    if demanded != (proposal.digest, requirement_digest):
        return False
    return _still_hold(approval, approvers(proposal.workspace_id, without=approval.excluded))


def _still_hold(approval: ApprovalRequest, people: Mapping[int, Collection[str]]) -> bool:
    """Whether everybody who voted may still sit where they sat."""
    sitting = [(vote.person_id, approval.places.get(vote.seat or 0)) for vote in approval.votes()]
    return all(person in people and fits(group, people[person]) for person, group in sitting)
