"""Deliveries: endpoints and how they do, what was sent to them, and sending it again."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from console.figures import short
from console.pages import AddressForm, MemberRequest, members_only, show
from reviews.models import Delivery, Endpoint, WebhookKind
from reviews.webhooks import replaying
from workspaces.exceptions import Unprocessable

PAGE = 50
VIEWS: dict[str, tuple[str, list[str]]] = {
    "all": ("All", []),
    "open": ("Under way", ["pending", "failed"]),
    "delivered": ("Delivered", ["delivered"]),
    "dead": ("Dead letters", ["dead"]),
}
ABOUT = {"approval": "review-approval", "run": "run"}  # the page of what an event is about
TONES = {"delivered": "ok", "failed": "warn", "dead": "bad", "pending": "acc"}


class Moment(forms.DateTimeField):
    """A day, and perhaps a time, in UTC."""

    def __init__(self) -> None:
        wrong = "This is no time: write year-month-day hour:minute, such as 2026-11-22 14:30."
        formats = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d"]
        super().__init__(required=False, input_formats=formats, error_messages={"invalid": wrong})


class FilterForm(AddressForm):
    """What is looked for."""

    view = forms.ChoiceField(choices=[(name, name) for name in VIEWS], required=False)
    endpoint = forms.UUIDField(required=False)
    kind = forms.ChoiceField(choices=[*WebhookKind.choices, ("endpoint.test", "")], required=False)
    since = Moment()
    until = Moment()
    before = forms.UUIDField(required=False)

    def clean_until(self) -> datetime | None:
        """A day alone is meant to its end."""
        until: datetime | None = self.cleaned_data["until"]
        return until + timedelta(hours=23, minutes=59) if until and ":" not in self.data["until"] else until


@members_only
@require_safe
def deliveries(request: MemberRequest) -> HttpResponse:
    """The endpoints, and one page of what was sent, newest first."""
    request.principal.require("operate")
    asked = FilterForm(request.GET)
    wanted = asked.wanted
    found = list(
        fitting(request, wanted)
        .select_related("endpoint")
        .defer("body", "response", "history")
        .order_by("-id")[: PAGE + 1]
    )
    names = named(request)
    context: dict[str, Any] = {
        "deliveries": [(one, names[one.endpoint_id]) for one in found[:PAGE]],
        "asked": asked,
        "wanted": wanted,
        "views": VIEWS,
        "kinds": WebhookKind.values,
        "tones": TONES,
    }
    context |= {"older": address(wanted | {"before": found[PAGE - 1].pk}) if len(found) > PAGE else ""}
    context |= {"filters": address({k: v for k, v in wanted.items() if k not in ("view", "before")})}
    context |= {"endpoints": endpoints(request, names), "most": replaying.MOST, "latest": replaying.LATEST}
    return show(
        request, "console/deliveries.html", "list", context | {"may_change": request.principal.may("administer")}
    )


@members_only
@require_safe
def delivery(request: MemberRequest, delivery_id: UUID) -> HttpResponse:
    """One delivery: what is sent, and what came of it."""
    request.principal.require("operate")
    found = get_object_or_404(own(request).select_related("endpoint"), pk=delivery_id)
    page = ABOUT.get(found.kind.partition(".")[0])
    about = reverse(page, args=[found.object]) if page and found.object else ""
    body = orjson.dumps(orjson.loads(bytes(found.body)), option=orjson.OPT_INDENT_2)
    context = {
        "delivery": found,
        "attempts": attempts(found),
        "about": about,
        "body": as_lines(body),
        "answer": as_lines(bytes(found.response or b"")),
    }
    return render(
        request,
        "console/delivery.html",
        context | {"tone": TONES[found.status], "endpoint_name": named(request)[found.endpoint_id]},
    )


@members_only
@require_POST
def replay(request: MemberRequest) -> HttpResponse:
    """Send the ticked deliveries again, or with `fitting` all that fit the filters."""
    form = FilterForm(request.POST)
    if "fitting" in request.POST and not form.is_valid():
        raise Unprocessable("Nothing was sent: one of the filters cannot be read, so it is not known what fits.")
    ids = [key for key in map(as_id, request.POST.getlist("delivery")) if key]
    chosen = fitting(request, form.wanted) if "fitting" in request.POST else own(request).filter(pk__in=ids)
    count = replaying.replay(chosen, request.principal)
    more = f", the oldest of them; ask again for more than {replaying.MOST}" if count == replaying.MOST else ""
    messages.success(request, f"{count} deliver{'y is' if count == 1 else 'ies are'} on the way again{more}.")
    kept = {name: value for name, value in form.wanted.items() if name != "before"}
    return redirect(f"{reverse('deliveries')}{address(kept)}")


@members_only
@require_POST
def change_endpoint(request: MemberRequest, endpoint_id: UUID) -> HttpResponse:
    """Send a test event, switch an endpoint off, or on again."""
    found = get_object_or_404(Endpoint, workspace=request.principal.workspace, pk=endpoint_id)
    match request.POST.get("action"):
        case "off":
            found.disable(f"Switched off by {request.principal.name}.", request.principal)
            messages.success(request, f"Nothing is sent to {found.host} from now on.")
        case "on":
            found.enable(request.principal)
            messages.success(request, f"{found.host} is on again; what has waited is sent first.")
        case _:
            sent = found.send_test(request.principal)
            return redirect("delivery", sent.pk)
    return redirect("deliveries")


def attempts(delivery: Delivery) -> list[dict[str, Any]]:
    """What came of each attempt, the last first; of one under way, or whose process ended, only its number is known."""
    known = {each["n"]: each | {"at": datetime.fromisoformat(each["at"])} for each in delivery.history}
    first = max(1, min(known, default=delivery.attempts))
    found = [known.get(n, {"n": n}) for n in range(delivery.attempts, first - 1, -1)]
    if found and delivery.status == Delivery.Status.PENDING and "at" not in found[0]:
        found[0] |= {"at": delivery.attempted_at, "is_under_way": True}
    return found


def own(request: MemberRequest) -> "QuerySet[Delivery]":
    """The deliveries of this workspace."""
    return Delivery.objects.filter(workspace=request.principal.workspace)


def fitting(request: MemberRequest, wanted: dict[str, Any]) -> "QuerySet[Delivery]":
    """Those that fit the filters; ids tell the time, so that a range of time is a range of the index."""
    found = own(request)
    if statuses := VIEWS[wanted.get("view", "all")][1]:
        found = found.filter(status__in=statuses)
    for name in ("endpoint", "kind"):
        if name in wanted:
            found = found.filter(**{name: wanted[name]})
    if "since" in wanted:
        found = found.filter(pk__gte=first_id(wanted["since"]))
    if "until" in wanted:
        found = found.filter(pk__lt=first_id(wanted["until"] + timedelta(minutes=1)))
    return found.filter(pk__lt=wanted["before"]) if "before" in wanted else found


def first_id(moment: datetime) -> UUID:
    """The least UUID version 7 of a millisecond."""
    return UUID(int=(max(0, int(moment.timestamp() * 1000)) & (1 << 48) - 1) << 80)


def endpoints(request: MemberRequest, names: dict[UUID, str]) -> list[tuple[Endpoint, replaying.Health, str]]:
    """With their health."""
    known = replaying.health(request.principal.workspace.pk)
    found = Endpoint.objects.filter(workspace=request.principal.workspace)
    return [(endpoint, known.get(endpoint.pk, replaying.Health()), names[endpoint.pk]) for endpoint in found]


def named(request: MemberRequest) -> dict[UUID, str]:
    """What endpoints are called: their host, and the end of their id where several have one; a path may be a secret."""
    found = list(Endpoint.objects.filter(workspace=request.principal.workspace).only("url"))
    hosts = Counter(one.host for one in found)
    return {one.pk: one.host if hosts[one.host] == 1 else f"{one.host}, {short(one.pk)}" for one in found}


def address(wanted: dict[str, Any]) -> str:
    """The page with these filters."""
    written = {
        name: value.strftime("%Y-%m-%dT%H:%M") if isinstance(value, datetime) else value
        for name, value in wanted.items()
    }
    return "?" + urlencode(written)


def as_lines(raw: bytes) -> list[dict[str, str]]:
    """Bytes from anywhere as lines of text."""
    return [{"text": line} for line in raw.decode(errors="replace").splitlines()]


def as_id(text: str) -> UUID | None:
    """The id that was posted; None where it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
