"""Runs: what the agents of the workspace do and did, and a form to start one."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from agents.models import Agent, Run, RunStatus
from agents.models.run_status import SET_ASIDE
from agents.starting import start_run
from console import saved_views
from console.pages import MemberRequest, Words, members_only, show
from console.standing import with_standing

PAGE = 50
FILTERS: dict[str, list[str]] = {
    "all": [],
    "active": [RunStatus.QUEUED, RunStatus.RUNNING],
    "waiting": [RunStatus.WAITING],
    "succeeded": [RunStatus.SUCCEEDED],
    "failed": [RunStatus.FAILED],
    "cancelled": [RunStatus.CANCELLED],
    "set aside": [str(status) for status in SET_ASIDE],
}


class FilterForm(forms.Form):
    """What is looked for; anything else in the address is passed over."""

    status = forms.ChoiceField(choices=[(name, name) for name in FILTERS], required=False)
    agent = forms.CharField(max_length=100, required=False)
    text = forms.CharField(max_length=200, required=False)
    before = forms.UUIDField(required=False)

    @property
    def wanted(self) -> dict[str, Any]:
        """The readable part."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class StartForm(forms.Form):
    """Which agent, and what it is to do."""

    agent = forms.CharField(max_length=100)
    input = Words(max_length=100_000)


@members_only
@require_http_methods(["GET", "HEAD", "POST"])
def runs(request: MemberRequest) -> HttpResponse:
    """The list; a POST starts a run."""
    if request.method == "POST":
        return start(request)
    return show(request, "console/runs.html", "runs", listing(request))


def start(request: MemberRequest) -> HttpResponse:
    """Start a run and go to its page."""
    form = StartForm(request.POST)
    if not form.is_valid():
        return render(request, "console/runs.html", {**listing(request), "form": form}, status=422)
    run = start_run(request.principal, form.cleaned_data["agent"], form.cleaned_data["input"])
    return redirect("run", run.pk)


def listing(request: MemberRequest) -> dict[str, Any]:
    """One page of the runs that fit the filters in the address."""
    wanted = FilterForm(request.GET).wanted
    found = list(matching(request, wanted)[: PAGE + 1])
    agents = list(Agent.objects.filter(workspace=request.principal.workspace).select_related("active_version"))
    return {
        "runs": found[:PAGE],
        "older": address(wanted, before=found[PAGE - 1].pk) if len(found) > PAGE else "",
        "wanted": wanted,
        "views": views(wanted),
        "agents": agents,
        "startable": [agent for agent in agents if agent.active_version],
        "saved": saved_views.of_page(request, "runs"),
        "may_start": request.principal.may("operate"),
    }


def matching(request: MemberRequest, wanted: dict[str, Any]) -> "QuerySet[Run]":
    """Newest first."""
    found = with_standing(Run.objects.in_workspace(request.principal.workspace)).order_by("-id")
    found = found.select_related("agent", "version", "started_by", "started_by_token")
    if statuses := FILTERS[wanted.get("status", "all")]:
        found = found.filter(status__in=statuses)
    if "agent" in wanted:
        found = found.filter(agent__name=wanted["agent"])
    if "text" in wanted:
        found = found.filter(title__icontains=wanted["text"])
    return found.filter(pk__lt=wanted["before"]) if "before" in wanted else found


def views(wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """The choices of status, each with its address and the other filters kept."""
    current = wanted.get("status", "all")
    return [
        {"name": name, "is_current": name == current, "address": address({**wanted, "status": name}, before=None)}
        for name in FILTERS
    ]


def address(wanted: dict[str, Any], *, before: UUID | None) -> str:
    """The page with these filters."""
    kept = {key: value for key, value in wanted.items() if key != "before"}
    return "?" + urlencode(kept | ({"before": before} if before else {}))
