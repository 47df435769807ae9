"""Reading the audit: entries that fit, newest first, within a window, so that a search costs the same at any size."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from workspaces.models.audit_entry import AuditEntry

LAST_DAY = date.max - timedelta(days=1)
WINDOW = 20_000  # entries that one search looks at
LIKE = {"actor": "actor", "kind": "kind__startswith", "object": "object__startswith"}
# Ids grow with time, so a day is found by halving the ids: some forty looks into one index, at any size of the log.
_LAST_BEFORE = """
WITH RECURSIVE narrowed (low, high) AS (
  SELECT 0::bigint, (SELECT coalesce(max(id), 0) + 1 FROM workspaces_auditentry WHERE workspace_id = %(workspace)s)
  UNION ALL
  SELECT CASE WHEN is_before THEN middle ELSE low END, CASE WHEN is_before THEN high ELSE middle END
  FROM (SELECT low, high, (low + high) / 2 AS middle FROM narrowed WHERE high - low > 1) AS halved
  CROSS JOIN LATERAL (SELECT coalesce((SELECT created_at < %(moment)s FROM workspaces_auditentry
    WHERE workspace_id = %(workspace)s AND id <= middle ORDER BY id DESC LIMIT 1), true) AS is_before) AS probe)
SELECT max(low) FROM narrowed
"""


@dataclass(frozen=True, slots=True)
class Found:
    """One page; `older` is where the next one begins, and `is_cut` says that entries beyond were not looked at."""

    entries: list[AuditEntry]
    older: int | None
    is_cut: bool


def search(workspace_id: int, wanted: Mapping[str, Any], limit: int, before: int | None = None) -> Found:
    """The newest `limit` entries that fit, before the entry with that id."""
    entries = of_days(workspace_id, wanted).order_by("-id")
    if before:
        entries = entries.filter(pk__lt=before)
    end = entries.values_list("pk", flat=True)[WINDOW : WINDOW + 1].first()
    looked_at = entries.filter(pk__gt=end) if end else entries
    found = list(fitting(looked_at, wanted)[: limit + 1])
    if len(found) > limit:
        return Found(found[:limit], found[limit - 1].pk, is_cut=False)
    return Found(found, end + 1 if end else None, is_cut=end is not None)


def of_days(workspace_id: int, wanted: Mapping[str, Any]) -> "QuerySet[AuditEntry]":
    """The entries from the day `since` to the end of the day `until`, in UTC, where these are given."""
    entries = AuditEntry.objects.filter(workspace=workspace_id)
    if since := wanted.get("since"):
        entries = entries.filter(pk__gt=last_before(workspace_id, since))
    if until := wanted.get("until"):
        entries = entries.filter(pk__lte=last_before(workspace_id, min(until, LAST_DAY) + timedelta(days=1)))
    return entries


def last_before(workspace_id: int, day: date) -> int:
    """The last entry before that day begins."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST_BEFORE, {"workspace": workspace_id, "moment": datetime.combine(day, time(), UTC)})
        found: int = cursor.fetchone()[0]
        return found


def fitting(entries: "QuerySet[AuditEntry]", wanted: Mapping[str, Any]) -> "QuerySet[AuditEntry]":
    """By actor, and by the beginning of kind and object."""
    return entries.filter(**{LIKE[name]: value for name, value in wanted.items() if name in LIKE and value})
