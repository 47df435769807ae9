"""What every page has in common: who may see it, and which part of it is asked for."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, cast

from django import forms
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from workspaces.exceptions import NotFound
from workspaces.models import Event, Person, Workspace
from workspaces.principal import Principal

WORKSPACE = "workspace"  # where the session keeps the chosen workspace


class Words(forms.CharField):
    """Text of a person with plain line ends: browsers send a carriage return with each."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        """The text as it was typed."""
        text = super().to_python(value) or ""
        return text.replace("\r\n", "\n")


class AddressForm(forms.Form):
    """What an address asks for, each field of which may be missing; what cannot be read is passed over."""

    @property
    def wanted(self) -> dict[str, Any]:
        """The readable part."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}


class Day(forms.DateField):
    """A day as people write it everywhere: year, month, day."""

    def __init__(self) -> None:
        wrong = "This is no day: write year-month-day, such as 2026-11-22."
        super().__init__(required=False, input_formats=["%Y-%m-%d"], error_messages={"invalid": wrong})


class MemberRequest(HttpRequest):
    """A request of a person who is a member of the workspace that the pages show."""

    user: Person
    htmx: HtmxDetails
    workspaces: list[Workspace]
    principal: Principal
    cursor: str


type View[**P] = Callable[Concatenate[MemberRequest, P], HttpResponseBase]
type Guarded[**P] = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def members_only[**P](view: View[P]) -> Guarded[P]:
    """Let members in, as `request.principal`; others are asked to sign in, or told what is missing."""

    @wraps(view)
    def guarded(request: Any, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return to_sign_in(request)
        enter(request)
        return view(request, *args, **kwargs)

    return cast(Guarded[P], never_cache(guarded))


def enter(request: Any) -> None:
    """Note who asks, and in which workspace, for the page and its frame."""
    request.cursor = "" if request.htmx else Event.objects.all().head()  # before the page reads what it shows
    request.workspaces = list(Workspace.objects.of(request.user).select_related("switch"))
    request.principal = Principal.of_session(request.user, chosen(request.workspaces, request.session))
    request.principal.require("view")


def chosen(own: list[Workspace], session: Any) -> Workspace:
    """The workspace chosen in this session, or else the first of the person's own."""
    if not own:
        raise NotFound("You do not belong to any workspace yet. An admin can add you to one.")
    key = session.get(WORKSPACE)
    return next((workspace for workspace in own if workspace.pk == key), own[0])


def to_sign_in(request: Any) -> HttpResponse:
    """To the sign-in page and back; from inside an open page the whole page goes."""
    if request.htmx:
        there = redirect_to_login(request.htmx.current_url_abs_path or "/")
        return HttpResponseClientRedirect(there["Location"] + "&ended")
    return redirect_to_login(request.get_full_path() if request.method == "GET" else "/")


def show(request: MemberRequest, template: str, part: str, context: dict[str, Any]) -> HttpResponse:
    """The page, or only its `part` when the open page asks for that: the same template makes both."""
    is_part = request.htmx and not request.htmx.history_restore_request
    return render(request, f"{template}#{part}" if is_part else template, context)
