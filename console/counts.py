"""How much there is to do, in the frame of every page.

Django puts this query together in 13 ms, PostgreSQL answers it in one. So it is put together once, for a stand-in, and
whoever asks takes the stand-in's place among its values.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Literal

from django.db import connection
from django.db.models import IntegerField, QuerySet, Subquery

from agents.models import Run
from console import queue
from workspaces.models import Person, Role, Workspace
from workspaces.principal import Principal

LIMIT = 1000
FEW = 200  # of what costs most to tell: whether one can fill a place
ACTIVE = ["queued", "running", "waiting"]
SOMEWHERE, SOMEBODY, SOME_GROUP = 2_000_000_001, 2_000_000_002, "\ue000"  # no row has these


class Capped(Subquery):
    """How many rows a sliced query gives, so that counting costs the same at any size."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def counts_of(principal: Principal) -> dict[str, str]:
    """Open runs, those set aside, and requests of each view of the queue; `noticed` where only high risk concerns."""
    is_picky = principal.person.notices == Person.Notice.HIGH
    names, sql, values = _put_together(principal.may("vote"), principal.channel, is_picky)
    with connection.cursor() as cursor:
        cursor.execute(sql, [_of(principal, value) for value in values])
        found: Iterable[int | None] = cursor.fetchone()
    return {name: worded(count or 0, limit_of(name)) for name, count in zip(names, found, strict=True)}


@lru_cache
def _put_together(
    may_vote: bool, channel: Literal["web", "api"], is_picky: bool
) -> tuple[list[str], str, tuple[Any, ...]]:
    """Names, statement and values of the counts for the stand-in."""
    roles = frozenset({Role.APPROVER.value} if may_vote else ())
    somebody = Principal(Workspace(pk=SOMEWHERE), Person(pk=SOMEBODY), None, roles, frozenset({SOME_GROUP}), channel)
    asked = _asked(somebody, is_picky)
    counts = [Capped(rows.order_by().values("pk")[: limit_of(name) + 1]) for name, rows in asked.items()]
    return list(asked), *Workspace.objects.filter(pk=SOMEWHERE).values_list(*counts).query.sql_with_params()


def _asked(principal: Principal, is_picky: bool) -> dict[str, QuerySet[Any]]:
    runs = Run.objects.in_workspace(principal.workspace)
    asked: dict[str, QuerySet[Any]] = {"runs": runs.filter(status__in=ACTIVE), "set_aside": runs.stuck()}
    for view in ("needs-me", "open", "waiting"):
        asked[view.replace("-", "_")] = queue.requests(principal, view)
    if is_picky:
        asked["noticed"] = asked["needs_me"].filter(risk="high")
    return asked


def _of(principal: Principal, value: Any) -> Any:
    """The value, or what this principal has where the stand-in had it; Django's integers know their column's size."""
    if value == SOMEWHERE:
        return type(value)(principal.workspace.pk)
    if value == SOMEBODY:
        return type(value)(principal.person.pk)
    return sorted(principal.groups) if value == [SOME_GROUP] else value


def counted(rows: "QuerySet[Any]") -> str:
    """How many there are, up to a limit."""
    return worded(rows.order_by()[: LIMIT + 1].count())


def limit_of(name: str) -> int:
    """How far this is counted."""
    return FEW if name in ("needs_me", "noticed") else LIMIT


def worded(count: int, limit: int | None = None) -> str:
    """The count, or that there are more."""
    limit = limit or LIMIT
    return f"{limit:,}+" if count > limit else str(count)
