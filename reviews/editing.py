"""A reviewer changes the arguments: checked like the agent's own proposal, and put to the vote anew."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.db.models.functions import Least

from agents.models import ToolCall
from agents.runtime.gate import Proposal, Verdict
from agents.runtime.propose import call_digest
from agents.runtime.text import loads
from agents.runtime.version import catalogue
from agents.tools.spec import ToolSpec
from agents.tools.title import title
from reviews import opening
from reviews.exceptions import EditDenied, NothingChanged, Withdrawn
from reviews.gate import Gate, judged
from reviews.locking import Locked
from reviews.models import ApprovalRequest, Revision
from reviews.policy import values
from reviews.policy.values import Requirement
from reviews.suspicion import raised
from workspaces.models import Person, Switch


@dataclass(frozen=True, slots=True)
class Edit:
    """Arguments that fit the tool, with the verdict of the rules on them."""

    args: bytes
    digest: bytes
    title: str
    facts: dict[str, Any]
    explanation: dict[str, Any]
    rules_epoch: int

    def apply(self, locked: Locked, person: Person) -> None:
        """Make this the approval's current revision; votes on earlier ones no longer count."""
        call, approval = locked.call, locked.approval
        locked.move_call(
            args=self.args,
            digest=self.digest,
            title=self.title,
            facts=self.facts,
            verdict=self.explanation,
            rules_epoch=self.rules_epoch,
            proposed_args=call.args if call.proposed_args is None else call.proposed_args,
        )
        requirement = Requirement.read(self.explanation["requirement"])
        number = approval.revision + 1
        locked.move_approval(
            **(ApprovalRequest.demanded_by(requirement) | raised(self.explanation)),
            revision=number,
            digest=self.digest,
            title=self.title,
            deadline_at=Least(F("deadline_at"), locked.now + timedelta(seconds=requirement.deadline_seconds)),
            explanation=self.explanation,
            policy_revisions=opening.considered(self.explanation),
            requirement_digest=bytes.fromhex(self.explanation["requirement_digest"]),
        )
        Revision.objects.create(approval=approval, number=number, args=self.args, digest=self.digest, edited_by=person)


def prepare(approval: ApprovalRequest, args: Any, *, seen: bytes) -> Edit:
    """Check new arguments against the tool's schema and the rules, outside any lock: lookups take their time.

    Raises ArgumentsRefused with the paths, EditDenied, or KindRefused where nothing would change.
    """
    proposal = as_edited(approval, args, seen=seen)
    verdict = Gate().check(proposal)
    _refuse_denied(verdict)
    shown = title(proposal.tool, proposal.arguments, verdict.facts)
    return Edit(proposal.args, proposal.digest, shown, verdict.facts, verdict.explanation, proposal.rules_epoch)


def outlook(approval: ApprovalRequest, args: Any, *, seen: bytes) -> tuple[str, dict[str, Any]]:
    """Title and what the rules would say of new arguments, for who still writes them; refuses what `prepare` does."""
    proposal = as_edited(approval, args, seen=seen)
    verdict, facts = judged(proposal)
    _refuse_denied(verdict)
    return title(proposal.tool, proposal.arguments, facts), verdict.explanation()


def as_edited(approval: ApprovalRequest, args: Any, *, seen: bytes) -> Proposal:
    """The call with new arguments that fit its tool and are not those that were seen."""
    call = approval.tool_call
    epoch = Switch.objects.values_list("rules_epoch", flat=True).get(pk=approval.workspace_id)
    spec = catalogue(approval.workspace_id, epoch).get(call.tool)
    if spec is None:
        raise Withdrawn(f"The tool {call.tool} is no longer there.")
    proposal = proposed(call, spec, spec.prepare(args), epoch)
    if proposal.digest == seen:
        raise NothingChanged("These are the arguments as they were; an edit changes something.")
    return proposal


def _refuse_denied(verdict: Verdict | values.Verdict) -> None:
    if verdict.decision == "deny":
        raise EditDenied(f"The call cannot be edited like this. {verdict.why}")


def proposed(call: ToolCall, spec: ToolSpec, args: bytes, rules_epoch: int) -> Proposal:
    """The call with these arguments, as the gate sees it."""
    run = call.run
    return Proposal(
        workspace_id=run.workspace_id,
        run_id=run.pk,
        agent=run.agent.name,
        agent_version_id=run.version_id,
        started_by_id=run.started_by_id,
        started_by=run.started_by.username if run.started_by else None,
        labels=run.labels,
        steps=run.seq,
        cost=run.cost,
        tool=spec,
        arguments=loads(args),
        args=args,
        digest=call_digest(spec.name, args),
        rules_epoch=rules_epoch,
        call_id=call.pk,
    )
