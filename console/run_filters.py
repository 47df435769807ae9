"""Which runs a list shows: the filters in the address, and where in the list one stands."""

from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.db import connection
from django.db.models import Count, QuerySet
from django.utils.timezone import now

from agents.models import Run, RunStatus
from agents.models.run_status import SET_ASIDE, UNFINISHED
from console.counts import LIMIT, worded
from console.pages import AddressForm, Day
from console.standing import newest_with_standing
from workspaces.models import Workspace

STATUSES: dict[str, list[str]] = {
    "all": [],
    "active": [RunStatus.QUEUED, RunStatus.RUNNING],
    "waiting": [RunStatus.WAITING],
    "succeeded": [RunStatus.SUCCEEDED],
    "failed": [RunStatus.FAILED],
    "cancelled": [RunStatus.CANCELLED],
    "set aside": [str(status) for status in SET_ASIDE],
}
SPANS = {
    "1h": ("Last hour", timedelta(hours=1)),
    "24h": ("Last 24 hours", timedelta(hours=24)),
    "7d": ("Last 7 days", timedelta(days=7)),
    "30d": ("Last 30 days", timedelta(days=30)),
}
PLACES = ("before", "newest")
_COUNTS = """
SELECT status, (SELECT count(*) FROM (
  SELECT FROM agents_run AS run WHERE workspace_id = %s AND run.status = one.status AND id >= %s AND id < %s
  ORDER BY id DESC LIMIT %s) AS counted)
FROM unnest(%s::text[]) AS one(status)
"""


class FilterForm(AddressForm):
    """What is looked for."""

    status = forms.ChoiceField(choices=[(name, name) for name in STATUSES], required=False)
    agent = forms.CharField(max_length=100, required=False)
    who = forms.CharField(max_length=150, required=False)
    text = forms.CharField(max_length=200, required=False)
    started = forms.ChoiceField(choices=[(name, words) for name, (words, _) in SPANS.items()], required=False)
    since = Day()
    until = Day()
    before = forms.UUIDField(required=False)
    newest = forms.UUIDField(required=False)


def matching(workspace: Workspace, wanted: dict[str, Any]) -> "QuerySet[Run]":
    """The runs that fit, newest first, without regard to the place in the list."""
    first, behind = span(wanted)
    found = Run.objects.in_workspace(workspace).filter(pk__gte=first, pk__lt=behind).order_by("-id")
    if statuses := STATUSES[wanted.get("status", "all")]:
        found = found.filter(status__in=statuses)
    if "agent" in wanted:
        found = found.filter(agent__name=wanted["agent"])
    if "who" in wanted:
        found = found.filter(started_by__username=wanted["who"])
    return found.filter(title__icontains=wanted["text"]) if "text" in wanted else found


def counts(workspace: Workspace, wanted: dict[str, Any]) -> dict[str, str]:
    """How many runs each view has, with the other filters, up to a limit.

    No index has the runs of an agent, of a person or of a title by their status: of these only open ones are counted.
    """
    others = {name: value for name, value in wanted.items() if name != "status"}
    is_narrowed = bool({"agent", "who", "text"} & set(others))
    found = _open_counts(workspace, others) if is_narrowed else _all_counts(workspace, others)
    return {
        name: worded(sum(found.get(status, 0) for status in statuses or RunStatus.values))
        for name, statuses in STATUSES.items()
        if not is_narrowed or (statuses and set(statuses) <= set(UNFINISHED))
    }


def _open_counts(workspace: Workspace, others: dict[str, Any]) -> dict[str, int]:
    """Of those that have not ended: their index is small."""
    found = matching(workspace, others).filter(status__in=UNFINISHED).order_by()
    return dict(found.values_list("status").annotate(Count("pk")))


def _all_counts(workspace: Workspace, others: dict[str, Any]) -> dict[str, int]:
    """Of all, by the index that has the runs of each status in the order of their start."""
    first, behind = span(others)
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, [workspace.pk, first, behind, LIMIT + 1, RunStatus.values])
        return dict(cursor.fetchall())


def placed(found: "QuerySet[Run]", wanted: dict[str, Any], limit: int) -> "QuerySet[Run]":
    """The first so many from the place in the list on, with what a row shows."""
    if "before" in wanted:
        found = found.filter(pk__lt=wanted["before"])
    if "newest" in wanted:
        found = found.filter(pk__lte=wanted["newest"])
    shown = newest_with_standing(found, limit)
    return shown.select_related("agent", "version", "started_by", "started_by_token")


def span(wanted: dict[str, Any]) -> tuple[UUID, UUID]:
    """When they started, by their ids, from the first to the one behind the last: ids grow with time."""
    first, behind = [UUID(int=0)], [UUID(int=2**128 - 1)]
    if "started" in wanted:
        first.append(first_id(now() - SPANS[wanted["started"]][1]))
    if "since" in wanted:
        first.append(first_id(midnight(wanted["since"])))
    if "until" in wanted:
        behind.append(first_id(midnight(wanted["until"]) + timedelta(days=1)))
    return max(first), min(behind)


def first_id(moment: datetime) -> UUID:
    """The smallest id that a run started at this moment could have (UUIDv7: milliseconds come first)."""
    return UUID(int=max(0, min(int(moment.timestamp() * 1000), 2**48 - 1)) << 80)


def midnight(day: date) -> datetime:
    """The beginning of the day, UTC."""
    return datetime.combine(day, time(), now().tzinfo)


def address(wanted: dict[str, Any], **place: UUID | None) -> str:
    """The page with these filters, at this place."""
    kept = {key: value for key, value in wanted.items() if key not in PLACES}
    return "?" + urlencode(kept | {name: key for name, key in place.items() if key})
