"""Agents: who works here, how each version behaves, with which tools, and how it has done."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from agents.configuring import replace_active
from agents.gateway.pricing import unpriced
from agents.models import Agent, AgentVersion, Breaker
from agents.runtime.version import catalogue
from console import agent_versions, budgets
from console.agent_list import lately
from console.agent_record import Record
from console.counts import counted
from console.pages import MemberRequest, members_only
from console.standing import newest_with_standing
from workspaces.exceptions import Unprocessable

VERSIONS = 50


class ActivationForm(forms.Form):
    """Which version new runs are to use, and which one they used when the person looked."""

    agent = forms.CharField(max_length=100)
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1)
    instead_of = forms.IntegerField(min_value=1, max_value=2**31 - 1, required=False)


@members_only
@require_safe
def agents(request: MemberRequest) -> HttpResponse:
    """The list."""
    found = Agent.objects.filter(workspace=request.principal.workspace).select_related("active_version", "owner")
    uses = budgets.of_workspace(request.principal.workspace)
    done = lately(request.principal.workspace)
    shown = [(one, done[one.pk], [use for use in uses if use.agent_id == one.pk]) for one in found]
    shared = [use for use in uses if use.agent_id is None]
    return render(request, "console/agents.html", {"agents": shown, "shared": shared})


@members_only
@require_safe
def agent(request: MemberRequest, name: str) -> HttpResponse:
    """One agent, in its active version or the one that the address asks for, compared with another."""
    own = Agent.objects.filter(workspace=request.principal.workspace).select_related("owner", "active_version")
    found = get_object_or_404(own, name=name)
    versions = list(found.versions.select_related("created_by").order_by("-number")[:VERSIONS])
    version = numbered(versions, request.GET.get("version")) or found.active_version
    against = numbered(versions, request.GET.get("against"))
    changes = agent_versions.difference(against, version) if against and version and against != version else None
    context = {
        "agent": found,
        "versions": versions,
        "version": version,
        "against": against,
        "changes": changes,
        "tools": tools(request, version),
        "runs": newest_with_standing(found.runs.all(), 8),
        "record": Record(found),
        "run_count": counted(found.runs.all()),
        "unpriced": version and unpriced(version.chain),
        "uses": budgets.of_agent(found),
        "may_engineer": request.principal.may("engineer"),
    }
    return render(request, "console/agent.html", context)


@members_only
@require_POST
def activations(request: MemberRequest) -> HttpResponse:
    """Promote a version, or roll back to one: new runs use it from now on."""
    form = ActivationForm(request.POST)
    if not form.is_valid():
        raise Unprocessable("Name an agent and the number of one of its versions.")
    wanted = form.cleaned_data
    own = AgentVersion.objects.filter(agent__workspace=request.principal.workspace).select_related("agent")
    version = get_object_or_404(own, agent__name=wanted["agent"], number=wanted["version"])
    replace_active(version, request.principal, instead_of=wanted["instead_of"])
    messages.success(request, f"New runs of {version.agent.name} use version {version.number}.")
    return redirect("agent", version.agent.name)


def numbered(versions: list[AgentVersion], number: str | None) -> AgentVersion | None:
    """The version with this number, if it is one of them."""
    return next((one for one in versions if str(one.number) == number), None)


def tools(request: MemberRequest, version: AgentVersion | None) -> list[dict[str, Any]]:
    """The tools of a version with what they may do; one that no code here declares has only its name."""
    if version is None:
        return []
    workspace = request.principal.workspace
    specs = catalogue(workspace.pk, workspace.switch.rules_epoch)
    known = {name: specs[name] for name in version.tools if name in specs}
    said = ("description", "effect", "reaches")
    broken = {breaker.tool: breaker for breaker in Breaker.objects.open().filter(workspace=workspace)}
    return [
        {"name": name, "broken": broken.get(name)} | {word: getattr(known.get(name), word, "") for word in said}
        for name in version.tools
    ]
