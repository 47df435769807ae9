"""One run: what happened, step by step, what it waits for, and what may be done about it."""

from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from agents.exceptions import IllegalMove
from agents.models import Run
from console.inspector import FORK, PARTS
from console.pages import AddressForm, MemberRequest, Words, members_only, show
from console.run_page import MAX_TURNS, VIEWS, Page
from console.standing import with_standing


class PlaceForm(AddressForm):
    """Which step is looked at, and how."""

    step = forms.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    after = forms.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    last = forms.IntegerField(min_value=1, max_value=MAX_TURNS, required=False)
    call = forms.UUIDField(required=False)
    view = forms.ChoiceField(choices=VIEWS.items(), required=False)
    part = forms.ChoiceField(choices=[*PARTS.items(), (FORK, FORK)], required=False)


class MessageForm(forms.Form):
    """What to say to the agent."""

    content = Words(max_length=100_000)


@members_only
@require_safe
def run(request: MemberRequest, run_id: UUID) -> HttpResponse:
    """The page of one run."""
    found = load(request, run_id)
    return show(request, "console/run.html", "run", Page(request, found, PlaceForm(request.GET).wanted).context())


@members_only
@require_POST
def messages(request: MemberRequest, run_id: UUID) -> HttpResponse:
    """Say something to a run that takes messages."""
    found, form = load(request, run_id), MessageForm(request.POST)
    request.principal.require("operate")
    if form.is_valid():
        found.say(form.cleaned_data["content"])
    return redirect("run", run_id)


@members_only
@require_POST
def cancellation(request: MemberRequest, run_id: UUID) -> HttpResponse:
    """Ask for the end of the run."""
    found = load(request, run_id)
    request.principal.require("operate")
    if not found.cancel(reason=request.POST.get("reason", "")[:500], by=request.principal):
        raise IllegalMove(f"This run has already {found.status}.")
    return redirect("run", run_id)


@members_only
@require_POST
def pause(request: MemberRequest, run_id: UUID) -> HttpResponse:
    """Set the run aside."""
    load(request, run_id).pause(by=request.principal)
    return redirect("run", run_id)


@members_only
@require_POST
def resumption(request: MemberRequest, run_id: UUID) -> HttpResponse:
    """Let a paused run go on."""
    load(request, run_id).resume(by=request.principal)
    return redirect("run", run_id)


def load(request: MemberRequest, run_id: UUID) -> Run:
    """The run, if it is of this workspace."""
    own = with_standing(Run.objects.in_workspace(request.principal.workspace))
    known = own.select_related("agent", "version", "started_by", "started_by_token", "parent", "thread", "schedule")
    found = get_object_or_404(known, pk=run_id)
    found.workspace = request.principal.workspace
    return found
