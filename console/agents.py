"""Agents: who works here, how each version behaves, and with which tools."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from agents.models import Agent, AgentVersion
from agents.runtime.version import catalogue
from console import budgets
from console.context import counted
from console.pages import MemberRequest, members_only
from console.standing import with_standing


@members_only
@require_safe
def agents(request: MemberRequest) -> HttpResponse:
    """The list."""
    found = Agent.objects.filter(workspace=request.principal.workspace).select_related("active_version", "owner")
    uses = budgets.of_workspace(request.principal.workspace)
    shown = [(agent, [use for use in uses if use.agent_id == agent.pk]) for agent in found]
    shared = [use for use in uses if use.agent_id is None]
    return render(request, "console/agents.html", {"agents": shown, "shared": shared})


@members_only
@require_safe
def agent(request: MemberRequest, name: str) -> HttpResponse:
    """One agent, in its active version or the one that the address asks for."""
    own = Agent.objects.filter(workspace=request.principal.workspace).select_related("owner", "active_version")
    found = get_object_or_404(own, name=name)
    wanted = request.GET.get("version", "")
    versions = list(found.versions.select_related("created_by").order_by("-number")[:50])
    version = next((one for one in versions if str(one.number) == wanted), found.active_version)
    runs = with_standing(found.runs.all()).order_by("-id")[:8]
    context = {"agent": found, "versions": versions, "version": version, "tools": tools(request, version), "runs": runs}
    figures = {"run_count": counted(found.runs.all()), "uses": budgets.of_agent(found)}
    return render(request, "console/agent.html", context | figures)


def tools(request: MemberRequest, version: AgentVersion | None) -> list[dict[str, Any]]:
    """The tools of a version with what they may do; one that no code here declares has only its name."""
    if version is None:
        return []
    workspace = request.principal.workspace
    specs = catalogue(workspace.pk, workspace.switch.rules_epoch)
    known = {name: specs[name] for name in version.tools if name in specs}
    said = ("description", "effect", "reaches")
    return [{"name": name} | {word: getattr(known.get(name), word, "") for word in said} for name in version.tools]
