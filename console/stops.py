"""The stop switch: what is stopped, by whom and since when; stopping something, and letting it go on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents.models import Agent
from agents.runtime.text import loads
from agents.runtime.version import catalogue
from agents.stopping import calls_in_flight
from console.pages import MemberRequest, Words, members_only, show
from console.sign_in import local_page
from console.telling import people_of
from workspaces.models import AuditEntry, Workspace

WHOLE = "workspace"


@dataclass(frozen=True, slots=True)
class Stop:
    """Something that is stopped; whoever did it without a word in the audit is not known."""

    scope: str
    who: str = ""
    since: datetime | None = None
    reason: str = ""

    @property
    def words(self) -> str:
        """What it is."""
        return worded(self.scope)


class StopForm(forms.Form):
    """What is to stop, and why."""

    scope = forms.ChoiceField(label="What", widget=forms.Select(attrs={"class": "box"}))
    reason = Words(
        label="Why",
        max_length=1000,
        widget=forms.Textarea(attrs={"class": "box", "rows": 2, "autofocus": True}),
        error_messages={"required": "Say why: everybody reads it, and the audit keeps it."},
    )

    def __init__(self, workspace: Workspace, asked: Any, *, is_posted: bool):
        super().__init__(asked if is_posted else None, initial={"scope": asked.get("scope", "")})
        self.fields["scope"].choices = [("", "Choose"), *choices(workspace)]  # type: ignore[attr-defined]

    @property
    def chosen(self) -> str:
        """What is chosen, if it is one of the choices."""
        wanted = self["scope"].value()
        return wanted if self.fields["scope"].valid_value(wanted) else ""  # type: ignore[attr-defined]


@members_only
@require_http_methods(["GET", "HEAD", "POST"])
def stops(request: MemberRequest) -> HttpResponse:
    """What is stopped, and the form that stops."""
    by = request.principal
    by.require("operate")
    is_posted = request.method == "POST"
    form = StopForm(by.workspace, request.POST if is_posted else request.GET, is_posted=is_posted)
    if is_posted and form.is_valid():
        by.workspace.switch.stop(form.chosen, form.cleaned_data["reason"], by)
        messages.success(request, f"Stopped: {worded(form.chosen)}. No new write starts there.")
        return redirect("stops")
    standing = [(stop, calls_in_flight(by.workspace.pk, stop.scope)) for stop in of(by.workspace)]
    context = {"form": form, "standing": standing, "calls": calls_in_flight(by.workspace.pk, form.chosen)}
    response = show(request, "console/stops.html", "flight", context)
    response.status_code = 422 if is_posted else 200
    return response


@members_only
@require_POST
def resumption(request: MemberRequest) -> HttpResponse:
    """Let something that is stopped go on."""
    scope, switch = request.POST.get("scope", ""), request.principal.workspace.switch
    request.principal.require("operate")
    if scope in switch.scopes:
        switch.resume(scope, request.principal)
        messages.success(request, f"No longer stopped: {worded(scope)}. What waited there goes on.")
    else:
        messages.info(request, "That is not stopped any more.")
    return redirect(local_page(request, request.POST.get("next")))


@members_only
@require_safe
def banner(request: MemberRequest) -> HttpResponse:
    """What is stopped, for pages that are open."""
    return show(request, "components/banners.html", "stops", {"there": request.htmx.current_url_abs_path or "/"})


def of(workspace: Workspace) -> list[Stop]:
    """What is stopped there; asks nothing while nothing is."""
    if not workspace.switch.is_stopping:
        return []
    entries = workspace.switch.entries()
    people = people_of(entries.values())
    return [told(scope, entries.get(scope), people) for scope in workspace.switch.scopes]


def told(scope: str, entry: AuditEntry | None, people: Mapping[int, str]) -> Stop:
    """A stop as its entry tells it."""
    if entry is None:
        return Stop(scope)
    who = people.get(entry.person_id or 0, entry.actor)
    return Stop(scope, who, entry.created_at, loads(entry.detail).get("reason", ""))


def choices(workspace: Workspace) -> list[tuple[str, str]]:
    """Everything that is not stopped yet."""
    agents = Agent.objects.filter(workspace=workspace).order_by("name").values_list("name", flat=True)
    tools = sorted(catalogue(workspace.pk, workspace.switch.rules_epoch))
    scopes = [WHOLE, *(f"agent:{name}" for name in agents), *(f"tool:{name}" for name in tools)]
    return [(scope, worded(scope)) for scope in scopes if scope not in workspace.switch.scopes]


def worded(scope: str) -> str:
    """A scope as people say it."""
    kind, _, name = scope.partition(":")
    return f"{kind} {name}" if name else "the whole workspace"
