"""What the frame of every page shows."""

import json
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db.models import IntegerField, QuerySet, Subquery
from django.http import HttpRequest

from agents.models import Run
from console import queue, rail, stops
from workspaces.models import Person, Workspace
from workspaces.principal import Principal

THEMES = {"light", "dark"}
COUNT_LIMIT = 1000
ACTIVE = ["queued", "running", "waiting"]


def shell(request: HttpRequest) -> dict[str, Any]:
    """The frame: theme and transport for everybody; workspace, counts and links for members."""
    theme = request.COOKIES.get("theme")
    frame: dict[str, Any] = {"theme": theme if theme in THEMES else "", "is_https": settings.IS_HTTPS}
    principal: Principal | None = getattr(request, "principal", None)
    if principal:
        frame["shell"] = Shell(request, principal)
    return frame


class Shell:
    """The rail of one page."""

    def __init__(self, request: Any, principal: Principal):
        self.principal = principal
        self.workspace = principal.workspace
        self.workspaces = request.workspaces
        self.cursor = request.cursor
        self.section = rail.section(request.resolver_match.url_name) if request.resolver_match else ""
        self.person = request.user

    @property
    def roles(self) -> str:
        """What the person is here, in words."""
        return ", ".join(sorted(self.principal.roles) + sorted(self.principal.groups)).capitalize()

    @property
    def entries(self) -> Iterable[tuple[str, list[rail.Entry]]]:
        """Where the person may go, under headings."""
        return rail.grouped(self.principal)

    @property
    def keymap(self) -> str:
        """The keys that the person has renamed, for static/js/keys.js."""
        return json.dumps(self.person.keymap) if self.person.keymap else ""

    @property
    def may_stop(self) -> bool:
        """Whether the person may stop things and let them go on."""
        return self.principal.may("operate")

    @cached_property
    def stops(self) -> list[stops.Stop]:
        """What is stopped here."""
        return stops.of(self.workspace)

    @cached_property
    def counts(self) -> dict[str, str]:
        """Open runs, those set aside, and requests of each view of the queue: one query, read when a template asks."""
        runs = Run.objects.in_workspace(self.workspace)
        asked: dict[str, QuerySet[Any]] = {"runs": runs.filter(status__in=ACTIVE), "set_aside": runs.stuck()}
        for view in ("needs-me", "open", "waiting"):
            asked[view.replace("-", "_")] = queue.requests(self.principal, view)
        if self.person.notices == Person.Notice.HIGH:
            asked["noticed"] = asked["needs_me"].filter(risk="high")
        counts = [Capped(rows.order_by().values("pk")[: COUNT_LIMIT + 1]) for rows in asked.values()]
        found = Workspace.objects.filter(pk=self.workspace.pk).values_list(*counts).get()
        return {name: worded(count or 0) for name, count in zip(asked, found, strict=True)}


class Capped(Subquery):
    """How many rows a sliced query gives, so that counting costs the same at any size."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def counted(rows: "QuerySet[Any]") -> str:
    """How many there are, up to a limit."""
    return worded(rows.order_by()[: COUNT_LIMIT + 1].count())


def worded(count: int) -> str:
    """The count, or that there are more."""
    return f"{COUNT_LIMIT}+" if count > COUNT_LIMIT else str(count)
