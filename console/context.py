"""What the frame of every page shows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from agents.models import Run
from workspaces.principal import Principal

THEMES = {"light", "dark"}
COUNT_LIMIT = 1000


def shell(request: HttpRequest) -> dict[str, Any]:
    """The frame: theme and transport for everybody; workspace, counts and links for members."""
    theme = request.COOKIES.get("theme")
    frame: dict[str, Any] = {"theme": theme if theme in THEMES else "", "is_https": settings.IS_HTTPS}
    principal: Principal | None = getattr(request, "principal", None)
    if principal:
        frame["shell"] = Shell(request, principal)
    return frame


class Shell:
    """The rail of one page; counts are read when a template asks for them."""

    def __init__(self, request: Any, principal: Principal):
        self.principal = principal
        self.workspace = principal.workspace
        self.workspaces = request.workspaces
        self.section = request.resolver_match.url_name.partition("-")[0] if request.resolver_match else ""

    @property
    def roles(self) -> str:
        """What the person is here, in words."""
        return ", ".join(sorted(self.principal.roles | self.principal.groups)).capitalize()

    @property
    def active_runs(self) -> str:
        """How many runs have not ended; counted to a limit, so that it costs the same at any size."""
        return counted(Run.objects.in_workspace(self.workspace).filter(status__in=["queued", "running", "waiting"]))


def counted(rows: Any) -> str:
    """How many there are, up to a limit."""
    count = rows.order_by()[: COUNT_LIMIT + 1].count()
    return f"{COUNT_LIMIT}+" if count > COUNT_LIMIT else str(count)
