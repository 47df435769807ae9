"""The command palette: pages, agents, requests and runs that fit a few words, or the beginning of an id."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from agents.models import Agent, Run
from console import figures, stops
from console.pages import MemberRequest, members_only
from console.rail import entries
from reviews.models import ApprovalRequest
from workspaces.principal import Principal

MOST = 6  # of each kind
RECENT = 300  # titles are searched among so many of the newest, which costs the same at any size of history
VERB = "stop"
SHORT = re.compile(r"\A[0-9a-f]{6}\Z")  # as the filter `short` writes it
ID_BEGINNING = re.compile(r"\A[0-9a-f]{4,32}\Z")


@dataclass(frozen=True, slots=True)
class Find:
    """One line of the palette."""

    address: str
    words: str
    kind: str
    drawing: str
    is_grave: bool = False  # never chosen before somebody chooses it


@members_only
@require_safe
def palette(request: MemberRequest) -> HttpResponse:
    """What fits `text`; without one, pages and what happened last."""
    text = request.GET.get("text", "").replace("\x00", "")[:100].strip()
    groups = {name: found for name, found in finds(request.principal, text) if found}
    return render(request, "components/palette_finds.html", {"groups": groups, "text": text})


def finds(principal: Principal, text: str) -> Iterator[tuple[str, list[Find]]]:
    """Each group with what was found."""
    pages = [entry for entry in entries(principal) if text.casefold() in entry.words.casefold()]
    yield "Pages", [Find(reverse(entry.name), entry.words, "", entry.drawing) for entry in pages]
    agents = Agent.objects.filter(workspace=principal.workspace, name__icontains=text)[: MOST if text else 0]
    yield "Agents", [Find(reverse("agent", args=[agent.name]), agent.name, "", "agent") for agent in agents]
    yield "Stop switch", stopping(principal, text) if principal.may("operate") else []
    requests = fitting(ApprovalRequest.objects.visible_to(principal).select_related("run__agent"), text)
    yield "Requests", [found("review-approval", one, one.get_status_display(), "inbox") for one in requests]
    runs = fitting(Run.objects.in_workspace(principal.workspace), text)
    yield "Runs", [found("run", one, f"{figures.short(one.pk)} · {one.get_status_display()}", "runs") for one in runs]


def stopping(principal: Principal, text: str) -> list[Find]:
    """What can be stopped or let go on, for who types the word; the page asks again."""
    words = text.casefold().split()
    if not any(len(word) > 1 and VERB.startswith(word) for word in words):
        return []
    page, switch = reverse("stops"), principal.workspace.switch
    scopes = sorted(stops.choices(principal.workspace), key=lambda one: one[0] == stops.WHOLE)
    lines = [Find(page, f"Let {stops.worded(scope)} go on, now stopped", "", "gate") for scope in switch.scopes]
    lines += [
        Find(f"{page}?{urlencode({'scope': scope})}", f"Stop {said}", "", "gate", scope == stops.WHOLE)
        for scope, said in scopes
    ]
    return shortened([one for one in lines if all(word in one.words.casefold() for word in words)])


def shortened(lines: list[Find]) -> list[Find]:
    """The first of them and the last, which stops the most, and how many fit besides."""
    if len(lines) <= MOST:
        return lines
    besides = Find("", f"{len(lines) - MOST} more: go on typing", "", "search")
    return [*lines[: MOST - 1], besides, lines[-1]]


def fitting(rows: "QuerySet[Any]", text: str) -> list[Any]:
    """Rows whose id begins like this, or else the newest with these words in their title."""
    beginning = text.replace("-", "").casefold()
    if ID_BEGINNING.match(beginning):
        between = UUID(beginning.ljust(32, "0")), UUID(beginning.ljust(32, "f"))
        if by_id := list(rows.filter(pk__range=between).order_by("-pk")[:MOST]):
            return by_id
    newest = rows.order_by("-pk").values("pk")[:RECENT]
    words = [Q(title__icontains=word) | Q(key__endswith=short(word)) for word in text.split()[:8]]
    return list(
        rows.annotate(key=Cast("pk", TextField()))
        .filter(*words, pk__in=newest)
        .order_by("-pk")[: MOST if text else MOST // 2]
    )


def short(word: str) -> str:
    """The short name of a run that a word may be: its last digits; of any other word, what no id ends with."""
    return word.lower() if SHORT.match(word.lower()) else "-"


def found(page: str, row: Any, status: str, drawing: str) -> Find:
    """A line about a request or a run."""
    return Find(reverse(page, args=[row.pk]), row.title or str(row.pk), status, drawing)
