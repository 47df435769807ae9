"""What people asked of a run as a whole: that it ends, that it pauses, that it goes on; told from the audit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from agents.models import Run
from agents.runtime.text import loads
from console.telling import people_of
from workspaces.models import AuditEntry
from workspaces.models.audit_entry import OF_RUNS

CANCEL, PAUSE, RESUME = OF_RUNS


@dataclass(frozen=True, slots=True)
class Wish:
    """One of them; nobody is named where the system itself asked, or a run above this one."""

    kind: str
    at: datetime
    who: str = ""
    reason: str = ""


def of_run(run: Run) -> list[Wish]:
    """All that was asked of this run, in the order of time."""
    entries = list(
        AuditEntry.objects.filter(workspace=run.workspace_id, object=str(run.pk), kind__in=OF_RUNS).order_by("id")
    )
    people = people_of(entries)
    found = [told(entry, people) for entry in entries]
    if run.cancel_requested_at and not any(wish.kind == CANCEL for wish in found):
        found.append(Wish(CANCEL, run.cancel_requested_at, "", run.cancel_reason))
    return found


def told(entry: AuditEntry, people: Mapping[int, str]) -> Wish:
    """A wish as its entry tells it."""
    who = people.get(entry.person_id, entry.actor) if entry.person_id else ""
    return Wish(entry.kind, entry.created_at, who, loads(entry.detail).get("reason", ""))
