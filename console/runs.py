"""Runs: what the agents of the workspace do and did, and a form to start one."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from agents.models import Agent, Run
from agents.starting import start_run
from console import bulk, run_filters, saved_views
from console.pages import MemberRequest, Words, members_only, show
from console.run_filters import FilterForm, address
from tracing.working import working_seconds
from workspaces.models import Person

PAGE = 50
MAX_NEW = 100
MAX_PEOPLE = 200
TONES = {"failed": "badc", "set aside": "warnc"}  # of counts


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


@members_only
@require_http_methods(["GET", "HEAD", "POST"])
def changes(request: MemberRequest) -> HttpResponse:
    """Cancel, pause or resume the chosen runs, and say of each what came of it; a GET says what an end withdraws."""
    if request.method != "POST":
        asked = bulk.prospect(request.principal, request.GET)
        return render(request, "components/bulk_withdrawn.html", {"asked": asked})
    done = bulk.change(request.principal, request.POST)
    return show(request, "console/runs.html", "runs", listing(request) | {"done": done})


def start(request: MemberRequest) -> HttpResponse:
    """Start a run and go to its page."""
    form = StartForm(request.POST)
    if not form.is_valid():
        return render(request, "console/runs.html", {**listing(request), "form": form}, status=422)
    run = start_run(request.principal, form.cleaned_data["agent"], form.cleaned_data["input"])
    return redirect("run", run.pk)


def listing(request: MemberRequest) -> dict[str, Any]:
    """One page of the runs that fit the filters in the address."""
    asked, workspace = FilterForm(request.GET), request.principal.workspace
    wanted = asked.wanted
    matching = run_filters.matching(workspace, wanted)
    found = list(run_filters.placed(matching, wanted, PAGE + 1))
    agents = list(Agent.objects.filter(workspace=workspace).select_related("active_version"))
    newest = wanted.get("newest") or (found[0].pk if found and "before" not in wanted else None)
    return {
        "runs": timed(found[:PAGE]),
        "older": address(wanted, before=found[PAGE - 1].pk) if len(found) > PAGE else "",
        "new": matching.filter(pk__gt=wanted["newest"])[:MAX_NEW].count() if "newest" in wanted else 0,
        "here": address(wanted, before=wanted.get("before"), newest=newest),
        "top": address(wanted),
        "asked": asked,
        "wanted": wanted,
        "filters": {key: value for key, value in wanted.items() if key not in run_filters.PLACES},
        "views": views(wanted, run_filters.counts(workspace, wanted)),
        "spans": {name: words for name, (words, _) in run_filters.SPANS.items()},
        "agents": agents,
        "people": Person.objects.filter(memberships__workspace=workspace).order_by("name")[:MAX_PEOPLE],
        "startable": [agent for agent in agents if agent.active_version and not agent.active_version.is_recorded],
        "saved": saved_views.of_page(request, "runs"),
        "may_start": request.principal.may("operate"),
    }


def timed(runs: list[Run]) -> list[dict[str, Any]]:
    """Each run with the time that it worked, and that it waited."""
    worked, moment = working_seconds(run.pk for run in runs), now()
    return [
        {
            "run": run,
            "worked": worked.get(run.pk, 0.0),
            "waited": max(0.0, run.elapsed_seconds(moment) - worked.get(run.pk, 0.0)),
        }
        for run in runs
    ]


def views(wanted: dict[str, Any], counts: dict[str, str]) -> list[dict[str, Any]]:
    """The choices of status, each with its address, the other filters kept, and how many there are."""
    current = wanted.get("status", "all")
    return [
        {
            "name": name,
            "is_current": name == current,
            "address": address({**wanted, "status": name}),
            "count": counts.get(name, "0"),
            "tone": TONES.get(name, ""),
        }
        for name in run_filters.STATUSES
    ]
