"""What a stop can no longer stop: calls that had started before it."""

from typing import Any

from django.db.models import Q, QuerySet

from agents.models import CallStatus, Run, ToolCall


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
    """Calls of a run and its children that are executing."""
    of_it = Q(run=run) | Q(run__root=run) if run.root_id is None else Q(run=run)
    return listed(ToolCall.objects.filter(of_it, status=CallStatus.EXECUTING))


def listed(calls: "QuerySet[ToolCall]") -> list[dict[str, Any]]:
    """Calls as the answer to a stop or a pause names them."""
    return [
        {"id": call.pk, "run": call.run_id, "tool": call.tool, "deadline_at": call.deadline_at}
        for call in calls.order_by("pk")
    ]
