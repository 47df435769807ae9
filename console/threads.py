"""Threads: inputs that follow one another, each run beginning with what was said before it."""

from typing import Any
from uuid import UUID

from django import forms
from django.db import transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents import reading
from agents.models import Agent, OnBusy, Run, RunStatus, Thread
from agents.starting import CONVERSATION, start_in_thread
from console import talk
from console.pages import MemberRequest, Words, members_only, show
from console.standing import newest_with_standing, with_standing

PAGE = 50
RUNS = 100
TURNS = 60
ON_BUSY = {**dict(OnBusy.choices), "reject": "is refused"}


class PlaceForm(forms.Form):
    """Where in the list one stands."""

    before = forms.UUIDField(required=False)


class SayForm(forms.Form):
    """Which agent, what it is to do, and what becomes of it where a run is active."""

    agent = forms.CharField(max_length=100)
    input = Words(max_length=100_000)
    on_busy = forms.ChoiceField(choices=ON_BUSY.items(), required=False)


@members_only
@require_http_methods(["GET", "HEAD", "POST"])
def threads(request: MemberRequest) -> HttpResponse:
    """The list; a POST opens a thread with its first input."""
    if request.method == "POST":
        return begin(request)
    return render(request, "console/threads.html", listing(request))


@members_only
@require_safe
def thread(request: MemberRequest, thread_id: UUID) -> HttpResponse:
    """One thread: its runs, and what was said."""
    return show(request, "console/thread.html", "thread", page(request, load(request, thread_id)))


@members_only
@require_POST
def say(request: MemberRequest, thread_id: UUID) -> HttpResponse:
    """Give the thread another input."""
    found, form = load(request, thread_id), SayForm(request.POST)
    request.principal.require("operate")
    if not form.is_valid():
        return render(request, "console/thread.html", page(request, found) | {"form": form}, status=422)
    start(request, found, form)
    return redirect("thread", thread_id)


def begin(request: MemberRequest) -> HttpResponse:
    """Open a thread; where its first run is refused, there is none."""
    form = SayForm(request.POST)
    request.principal.require("operate")
    if not form.is_valid():
        return render(request, "console/threads.html", listing(request) | {"form": form}, status=422)
    with transaction.atomic():
        title = form.cleaned_data["input"].strip().partition("\n")[0][:80]
        made = Thread.objects.create(
            workspace=request.principal.workspace, title=title, created_by=request.principal.person
        )
        start(request, made, form)
    return redirect("thread", made.pk)


def start(request: MemberRequest, thread: Thread, form: SayForm) -> Run:
    """The run of one input."""
    said = form.cleaned_data
    on_busy = said["on_busy"] or OnBusy.ENQUEUE
    return start_in_thread(request.principal, thread, said["agent"], said["input"], on_busy=on_busy)


def load(request: MemberRequest, thread_id: UUID) -> Thread:
    """The thread, if it is of this workspace."""
    return get_object_or_404(Thread, workspace=request.principal.workspace, pk=thread_id)


def listing(request: MemberRequest) -> dict[str, Any]:
    """Newest first, each with its last run."""
    form = PlaceForm(request.GET)
    before = form.cleaned_data["before"] if form.is_valid() else None
    own = Thread.objects.filter(workspace=request.principal.workspace).select_related("created_by").order_by("-pk")
    own = own.filter(pk__lt=before) if before else own
    last = Run.objects.filter(thread=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    found = list(own.annotate(last=Subquery(last))[: PAGE + 1])
    runs = with_standing(Run.objects.select_related("agent")).in_bulk([one.last for one in found if one.last])
    counts = dict(Run.objects.filter(thread__in=found).order_by().values_list("thread").annotate(Count("pk")))
    rows = [{"thread": one, "run": runs.get(one.last), "count": counts.get(one.pk, 0)} for one in found[:PAGE]]
    older = found[PAGE - 1].pk if len(found) > PAGE else None
    return {"rows": rows, "older": older, **speaking(request)}


def page(request: MemberRequest, thread: Thread) -> dict[str, Any]:
    """One thread."""
    runs = list(newest_with_standing(thread.runs.all(), RUNS).select_related("agent", "version", "started_by"))
    last = next((run for run in runs if run.status == RunStatus.SUCCEEDED and not run.superseded), None)
    said, before = reading.tail_at(last, last.seq, TURNS) if last else ([], 0)
    return {
        "thread": thread,
        "runs": runs,
        "turns": talk.turns(said, last.agent.name if last else ""),
        "before": before,
        "last": last,
        "latest": runs[0] if runs else None,
        **speaking(request),
    }


def speaking(request: MemberRequest) -> dict[str, Any]:
    """What the form to say something offers."""
    return {"agents": startable(request), "on_busy": ON_BUSY, "may_operate": request.principal.may("operate")}


def startable(request: MemberRequest) -> "QuerySet[Agent]":
    """The agents that work in threads: a conversation keeps to its one run."""
    own = Agent.objects.startable().filter(workspace=request.principal.workspace)
    return own.exclude(active_version__flow=CONVERSATION)
