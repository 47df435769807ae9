"""What the rules in force would demand of a request that was opened under others: its approval may be void at once."""

from django.db.models import Exists, OuterRef

from agents.models import ToolCall
from agents.runtime.version import catalogue
from agents.tools.spec import ToolSpec
from reviews.editing import proposed
from reviews.gate import context, rules_in_force
from reviews.models import ApprovalRequest
from reviews.models.approval import ApprovalQuerySet
from reviews.policy.evaluate import evaluate
from reviews.policy.values import Verdict


def demanded_now(approval: ApprovalRequest, rules_epoch: int) -> Verdict | None:
    """The verdict of the rules in force where an approval of this request would not do; None where it still does.

    A forecast on the facts as they were looked up then: the gate asks again, with new ones, when the call is to start.
    """
    call = approval.tool_call
    if approval.subject_kind != ApprovalRequest.Subject.TOOL_CALL or call.rules_epoch == rules_epoch:
        return None
    spec = catalogue(approval.workspace_id, rules_epoch).get(call.tool)
    if spec is None:
        return None
    verdict = _judged(call, spec, rules_epoch)
    is_same = verdict.requirement.digest(spec.digest()) == bytes(approval.requirement_digest)
    return None if verdict.decision == "allow" or (verdict.decision == "ask" and is_same) else verdict


def _judged(call: ToolCall, spec: ToolSpec, rules_epoch: int) -> Verdict:
    proposal = proposed(call, spec, bytes(call.args), rules_epoch)
    return evaluate(rules_in_force(call.workspace_id, rules_epoch), context(proposal, call.facts or {}))


def with_others(approvals: ApprovalQuerySet) -> ApprovalQuerySet:
    """Requests that know whether their call has others."""
    others = ApprovalRequest.objects.filter(tool_call=OuterRef("tool_call")).exclude(pk=OuterRef("pk"))
    return approvals.annotate(has_others=Exists(others))


def of_same_call(approval: ApprovalRequest) -> list[ApprovalRequest]:
    """The other requests about its call, the first one first: a call is asked for again when an approval is void."""
    others = ApprovalRequest.objects.filter(tool_call=approval.tool_call_id).exclude(pk=approval.pk)
    return list(others.order_by("pk"))
