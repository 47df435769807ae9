"""Reading the audit: entries that fit, newest first, within a window, so that a search costs the same at any size."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from workspaces.models.audit_entry import AuditEntry

WINDOW = 20_000  # entries that one search looks at
LIKE = {"actor": "actor", "kind": "kind__startswith", "object": "object__startswith"}


@dataclass(frozen=True, slots=True)
class Found:
    """One page; `older` is where the next one begins, and `is_cut` says that entries beyond were not looked at."""

    entries: list[AuditEntry]
    older: int | None
    is_cut: bool


def search(workspace_id: int, wanted: Mapping[str, Any], limit: int, before: int | None = None) -> Found:
    """The newest `limit` entries that fit, before the entry with that id."""
    entries = AuditEntry.objects.filter(workspace=workspace_id).order_by("-id")
    if before:
        entries = entries.filter(pk__lt=before)
    end = entries.values_list("pk", flat=True)[WINDOW : WINDOW + 1].first()
    looked_at = entries.filter(pk__gt=end) if end else entries
    found = list(fitting(looked_at, wanted)[: limit + 1])
    if len(found) > limit:
        return Found(found[:limit], found[limit - 1].pk, is_cut=False)
    return Found(found, end + 1 if end else None, is_cut=end is not None)


def fitting(entries: "QuerySet[AuditEntry]", wanted: Mapping[str, Any]) -> "QuerySet[AuditEntry]":
    """By actor, and by the beginning of kind and object."""
    return entries.filter(**{LIKE[name]: value for name, value in wanted.items() if name in LIKE and value})
