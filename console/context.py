"""What the frame of every page shows."""

import json
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from console import rail, stops
from console.counts import counts_of
from workspaces.principal import Principal

THEMES = {"light", "dark"}


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
        """How much there is to do: one query, made when a template asks."""
        return counts_of(self.principal)
