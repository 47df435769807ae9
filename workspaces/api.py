"""REST: what changed in the workspace, and its stop switch. Authentication is attached in config."""

from typing import Annotated, Any, cast

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string
from ninja import Query, Router

from workspaces.idempotency import idempotent
from workspaces.models import Event, Switch
from workspaces.principal import Principal
from workspaces.schema import EventPage, StopIn, SwitchOut

router = Router(tags=["workspace"])


@router.get("/events", response=EventPage)
def list_events(request: HttpRequest, after: str = "", limit: Annotated[int, Query(ge=1, le=500)] = 100) -> Any:
    """What changed after the cursor `after`; without one, from the oldest event that is kept."""
    principal = _principal(request)
    principal.require("view")
    items, cursor = Event.objects.after(after, principal.workspace, limit)
    return {"items": items, "next": cursor}


@router.post("/stop", response=SwitchOut)
@idempotent
def stop(request: HttpRequest, body: StopIn) -> Any:
    """Stop the workspace, an agent or a tool: once answered, no new write starts; `in_flight` had started before."""
    principal = _principal(request)
    switch = principal.workspace.switch
    principal.require("operate")
    import_string(settings.STOPPABLE)(principal.workspace, body.scope)
    switch.stop(body.scope, body.reason, principal)
    return _state(switch, body.scope)


@router.delete("/stop", response=SwitchOut)
def resume(request: HttpRequest, scope: str) -> Any:
    """Lift a stop."""
    principal = _principal(request)
    switch = principal.workspace.switch
    switch.resume(scope, principal)
    return _state(switch, scope)


def _principal(request: HttpRequest) -> Principal:
    return cast(Principal, request.auth)  # type: ignore[attr-defined]


def _state(switch: Switch, scope: str) -> dict[str, Any]:
    find = import_string(settings.CALLS_IN_FLIGHT) if settings.CALLS_IN_FLIGHT else None
    return {
        "state": str(switch),
        "stopped": switch.stopped,
        "stopped_agents": switch.stopped_agents,
        "stopped_tools": switch.stopped_tools,
        "reason": switch.reason,
        "in_flight": find(switch.pk, scope) if find else [],
    }
