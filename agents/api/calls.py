"""REST: tool calls and agents."""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router

from agents.api import pages
from agents.api.access import who
from agents.api.schema import AgentList, ResolutionIn, ToolCallOut, ToolCallPage
from agents.models import Agent, CallStatus, ToolCall
from agents.runtime.gate import gate
from agents.runtime.text import loads
from workspaces.idempotency import idempotent

router = Router(tags=["tool calls"])


@router.get("/tool-calls", response=ToolCallPage)
def list_calls(
    request: HttpRequest,
    status: CallStatus | None = None,
    run: UUID | None = None,
    cursor: str = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Any:
    """Tool calls, newest first."""
    calls = ToolCall.objects.filter(workspace=who(request, "view").workspace)
    calls = calls.filter(status=status) if status else calls
    calls = calls.filter(run_id=run) if run else calls
    found, following = pages.page(calls, cursor, limit)
    return {"items": [shown(call) for call in found], "next": following}


@router.get("/tool-calls/{uuid:call_id}", response=ToolCallOut)
def show(request: HttpRequest, call_id: UUID) -> Any:
    """One tool call."""
    return shown(get_object_or_404(ToolCall, workspace=who(request, "view").workspace, pk=call_id))


@router.post("/tool-calls/{uuid:call_id}/resolution", response=ToolCallOut)
@idempotent
def resolve(request: HttpRequest, call_id: UUID, body: ResolutionIn) -> Any:
    """Say what became of a call in doubt: by an approver, in the browser or by personal token."""
    principal = who(request, "view")
    call = get_object_or_404(ToolCall, workspace=principal.workspace, pk=call_id)
    gate().resolve(
        call, by=principal, kind=body.kind, digest=bytes.fromhex(body.digest), result=body.result, reason=body.reason
    )
    call.refresh_from_db()
    return shown(call)


@router.get("/agents", response=AgentList)
def agents(request: HttpRequest) -> Any:
    """The agents of the workspace."""
    found = Agent.objects.filter(workspace=who(request, "view").workspace).select_related("active_version")
    return {"items": [_agent(agent) for agent in found]}


def shown(call: ToolCall) -> dict[str, Any]:
    """A tool call as the API shows it."""
    return {
        "run": call.run_id,
        "arguments": loads(bytes(call.args)),
        "digest": bytes(call.digest).hex(),
    } | {name: getattr(call, name) for name in ToolCallOut.model_fields if name not in {"run", "arguments", "digest"}}


def _agent(agent: Agent) -> dict[str, Any]:
    version = agent.active_version
    return {
        "name": agent.name,
        "description": agent.description,
        "version": version.number if version else None,
        "flow": version.flow if version else None,
        "tools": version.tools if version else [],
    }
