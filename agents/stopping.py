"""What a stop can no longer stop: calls that had started before it."""

from typing import Any

from django.db.models import QuerySet

from agents.models import Agent, CallStatus, Run, ToolCall
from agents.runtime.version import catalogue
from workspaces.exceptions import Unprocessable
from workspaces.models import Workspace


def check_scope(workspace: Workspace, scope: str) -> None:
    """Raise Unprocessable where a stop would stop nothing: a name in a hurry may be misspelt."""
    kind, _, name = scope.partition(":")
    is_known = {
        "agent": lambda: Agent.objects.filter(workspace=workspace, name=name).exists(),
        "tool": lambda: name in catalogue(workspace.pk, workspace.switch.rules_epoch),
    }
    if not is_known.get(kind, lambda: True)():
        sentence = f"There is no {kind} {name!r} here; nothing was stopped."
        raise Unprocessable(sentence, [{"path": "/scope", "message": sentence}])


def calls_in_flight(workspace_id: int, scope: str) -> list[dict[str, Any]]:
    """Calls that are executing within a stop's scope ('workspace', 'agent:NAME', 'tool:NAME')."""
    kind, _, name = scope.partition(":")
    calls = ToolCall.objects.filter(workspace_id=workspace_id, status=CallStatus.EXECUTING)
    if kind == "agent":
        calls = calls.filter(run__agent__name=name)
    elif kind == "tool":
        calls = calls.filter(tool=name)
    return listed(calls)


def calls_of(run: Run) -> list[dict[str, Any]]:
    """Calls of a run, its children and theirs that are executing."""
    level = whole = [run.pk]
    while level:
        level = list(Run.objects.filter(parent__in=level).values_list("pk", flat=True))
        whole = whole + level
    return listed(ToolCall.objects.filter(run__in=whole, status=CallStatus.EXECUTING))


def listed(calls: "QuerySet[ToolCall]") -> list[dict[str, Any]]:
    """Calls as the answer to a stop or a pause names them."""
    return [
        {"id": call.pk, "run": call.run_id, "tool": call.tool, "deadline_at": call.deadline_at}
        for call in calls.order_by("pk")
    ]
