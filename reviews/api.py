"""REST: approvals and decisions; a call in doubt is also resolved under /tool-calls. Config attaches authentication."""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router
from ninja import Status as Answer

from agents.runtime.text import loads
from reviews.deciding import KINDS
from reviews.listing import page
from reviews.models import ApprovalRequest, Decision
from reviews.schema import (
    ApprovalItem,
    ApprovalOut,
    ApprovalPage,
    ClaimIn,
    ClaimOut,
    CommentIn,
    CommentOut,
    Comments,
    DecidedOut,
    DecisionIn,
    DecisionOut,
    Status,
)
from workspaces.exceptions import Forbidden, NotFound
from workspaces.idempotency import idempotent
from workspaces.models import Scope
from workspaces.principal import Principal

router = Router(tags=["approvals"])


@router.get("/approvals", response=ApprovalPage)
def list_approvals(
    request: HttpRequest,
    status: Status | None = None,
    cursor: str = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Any:
    """Pending ones by their deadline, the most urgent first; all others newest first."""
    found, following = page(ApprovalRequest.objects.visible_to(_reader(request)), status, cursor, limit)
    return {"items": [item(approval) for approval in found], "next": following}


@router.get("/approvals/{uuid:approval_id}", response=ApprovalOut)
def show(request: HttpRequest, approval_id: UUID) -> Any:
    """One approval with everything that a decision takes."""
    return whole(_approval(_reader(request), approval_id))


@router.post("/approvals/{uuid:approval_id}/decisions", response=DecidedOut)
@idempotent
def decide(request: HttpRequest, approval_id: UUID, body: DecisionIn) -> Any:
    """Decide: approve, edit (args), reject (reason), respond (text); for a call in doubt happened and the like."""
    by = _principal(request)
    approval = _approval(by, approval_id)
    said = body.dict(include={"args", "text", "reason", "result", "then", "credential_is_meant"})
    decision = approval.decide(body.kind, by=by, digest=bytes.fromhex(body.digest), **said)
    return {"decision": shown(decision), "approval": item(approval)}


@router.delete("/approvals/{uuid:approval_id}/decisions/{int:n}", response=DecidedOut)
def undo(request: HttpRequest, approval_id: UUID, n: int) -> Any:
    """Take one's own decision back before it takes effect."""
    by = _principal(request)
    approval = _approval(by, approval_id)
    return {"decision": shown(approval.undo(n, by)), "approval": item(approval)}


@router.get("/approvals/{uuid:approval_id}/comments", response=Comments)
def list_comments(request: HttpRequest, approval_id: UUID) -> Any:
    """What people said about an approval to each other."""
    found = _approval(_reader(request), approval_id).comments.select_related("person")
    return {"items": [{**vars(one), "person": one.person.username} for one in found]}


@router.post("/approvals/{uuid:approval_id}/comments", response={201: CommentOut})
@idempotent
def comment(request: HttpRequest, approval_id: UUID, body: CommentIn) -> Any:
    """Say something to the other people; the agent does not read it."""
    by = _principal(request)
    made = _approval(by, approval_id).comment(body.text, by)
    made.refresh_from_db()
    return Answer(201, {**vars(made), "person": by.person.username})


@router.put("/approvals/{uuid:approval_id}/claim", response=ClaimOut)
def claim(request: HttpRequest, approval_id: UUID, body: ClaimIn) -> Any:
    """Look after an approval for five minutes, or for five more; a courtesy to others, no lock."""
    by = _principal(request)
    made = _approval(by, approval_id).claim(by, take_over=body.take_over)
    return {**vars(made), "person": made.person.username}


@router.delete("/approvals/{uuid:approval_id}/claim", response={204: None})
def release(request: HttpRequest, approval_id: UUID) -> Any:
    """Give one's own claim up."""
    by = _principal(request)
    _approval(by, approval_id).release(by)
    return Answer(204, None)


def item(approval: ApprovalRequest) -> dict[str, Any]:
    """An approval as lists show it."""
    named = {"run": approval.run_id, "tool_call": approval.tool_call_id, "digest": bytes(approval.digest).hex()}
    return named | {name: getattr(approval, name) for name in ApprovalItem.model_fields if name not in named}


def whole(approval: ApprovalRequest) -> dict[str, Any]:
    """An approval with its call and decisions."""
    call, decisions = approval.tool_call, list(approval.decisions.select_related("person"))
    voters = {vote.seat: vote.person.username for vote in approval.votes().select_related("person")}
    return item(approval) | {
        "root": approval.run.root_id,
        "tool": call.tool,
        "arguments": loads(bytes(call.args)),
        "facts": call.facts,
        "why": call.why,
        "report": call.late_report,
        "seats": [{"group": group, "person": voters.get(place)} for place, group in approval.places.items()],
        "edit_allowed": approval.edit_allowed,
        "undo_seconds": approval.undo_seconds,
        "on_expiry": approval.on_expiry,
        "kinds": KINDS[approval.subject_kind],
        "decisions": [shown(decision) for decision in decisions],
        "explanation": approval.explanation,
    }


def shown(decision: Decision) -> dict[str, Any]:
    """A decision as the API shows it."""
    named = {"person": decision.person.username, "digest": bytes(decision.digest).hex()}
    return named | {name: getattr(decision, name) for name in DecisionOut.model_fields if name not in named}


def _principal(request: HttpRequest) -> Principal:
    principal: Principal = request.auth  # type: ignore[attr-defined]
    return principal


def _reader(request: HttpRequest) -> Principal:
    principal = _principal(request)
    if not principal.may("view", Scope.APPROVALS_READ):
        raise Forbidden(f"{principal.name} may not read approvals: this needs the scope approvals:read.")
    return principal


def _approval(principal: Principal, approval_id: UUID) -> ApprovalRequest:
    found = ApprovalRequest.objects.visible_to(principal).select_related("tool_call", "run__agent")
    approval = found.filter(pk=approval_id).first()
    if approval is None:
        raise NotFound
    return approval
