"""The entries of the audit as sentences: who did what, to what; the words are ours, the names are those of today."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse

from agents.models import Run, ToolCall
from agents.runtime.text import loads
from agents.tools.legible import clip
from console.figures import short
from console.former_titles import Former, former_titles
from reviews.models import ApprovalRequest, PolicySet
from workspaces.models import AuditEntry, Person, Workspace

PAGES = {"approval": "review-approval", "run": "run", "delivery": "delivery", "policy": "policy"}  # by kind of entry
MAX_TITLE, MAX_SAID = 90, 240
SYSTEM = "Countersign"
SENTENCES = {
    "approval.approve": "approved {it}",
    "approval.edit": "edited the arguments of {it}",
    "approval.reject": "rejected {it}",
    "approval.respond": "answered in place of {it}",
    "approval.happened": "said that {it} happened",
    "approval.did_not_happen": "said that {it} did not happen",
    "approval.retry": "asked for a retry of {it}",
    "approval.withdrawn": "withdrew {it}",
    "approval.expired": "let {it} expire",
    "approval.undo": "took back decision {n} about {it}",
    "approval.commented": "commented on {it}",
    "approval.unmasked": "looked at the credentials in {it}",
    "approval.claimed": "claimed {it}",
    "approval.released": "let go of {it}",
    "approval.snoozed": "put off {it}",
    "approval.unsnoozed": "took up {it} again",
    "approval.handed_over": "handed {it} over to {to}",
    "run.pause": "paused {it}",
    "run.resumption": "resumed {it}",
    "run.cancellation": "cancelled {it}",
    "run.fork": "forked {it} after step {seq}",
    "tool_call.happened": "said that {it} happened",
    "tool_call.did_not_happen": "said that {it} did not happen",
    "tool_call.retry": "asked for a retry of {it}",
    "agent.kept": "saved the agent {it}",
    "agent.version_added": "added version {number} of {it}",
    "agent.version_changed": "changed version {number} of {it}",
    "agent.activated": "put version {number} of {it} in force",
    "tool.kept": "saved the tool {it}",
    "policy.kept": "saved the policy {it}",
    "policy.drafted": "drafted revision {revision} of {it}",
    "policy.activated": "put revision {revision} of {it} in force",
    "policy.switched_off": "switched {it} off",
    "person.signed_in": "signed in by {by}",
    "person.admitted": "let {it} in again",
    "person.locked_out": "locked {it} out",
    "person.password_set": "set the password of {it}",
    "person.sessions_ended": "ended {count} other sessions",
    "group.kept": "saved the group {it}",
    "group.dissolved": "dissolved the group {it}",
    "membership.changed": "set the roles of {it} to {roles}",
    "membership.ended": "ended the membership of {it}",
    "token.issued": "issued the {kind} token {it}{whose}",
    "token.revoked": "revoked a token",
    "workspace.founded": "founded the workspace {it}",
    "workspace.renamed": "renamed the workspace to {it}",
    "switch.stopped": "stopped {object}",
    "switch.resumed": "let {object} go on",
    "budget.kept": "saved a budget for each {period}",
    "budget.removed": "removed a budget for each {period}",
    "schedule.kept": "saved the schedule {cron} of {agent}",
    "endpoint.registered": "registered the endpoint {it}",
    "endpoint.changed": "changed the endpoint {it}",
    "endpoint.rotated": "rotated the secret of the endpoint {it}",
    "endpoint.disabled": "switched the endpoint {it} off",
    "endpoint.enabled": "switched the endpoint {it} on",
    "delivery.replayed": "sent {kind} once more",
    "deliveries.replayed": "sent a range of deliveries once more",
    "audit.exported": "exported the audit log",
    "database.restored": "found the database restored from a copy",
}


@dataclass(frozen=True, slots=True)
class Told:
    """One entry as a sentence: `who` `before` `it` `after`, where `it` may have a page; and what was said about it."""

    entry: AuditEntry
    who: str
    before: str
    it: str
    page: str
    after: str
    said: str


def told(workspace: Workspace, entries: Iterable[AuditEntry]) -> list[Told]:
    """Each entry with its sentence; what the entries are about is asked for once a kind."""
    entries = list(entries)
    titles, people = titles_of(workspace.pk, entries), people_of(entries)
    former = former_titles(workspace, (one for one in titles.values() if isinstance(one, ApprovalRequest)))
    return [sentence(entry, titles, people, former) for entry in entries]


def sentence(
    entry: AuditEntry,
    titles: Mapping[str, Any],
    people: Mapping[int, str],
    former: Mapping[UUID, list[Former]] | None = None,
) -> Told:
    """One entry; a kind without words of ours is told by its name."""
    detail, about = loads(entry.detail), titles.get(entry.object)
    facts = defaultdict(str, {name: words(value) for name, value in detail.items()}, object=entry.object)
    facts["whose"] = f" of {facts['of']}" if facts["of"] else ""
    before, has_it, after = SENTENCES.get(entry.kind, f"{entry.kind} {{it}}").partition("{it}")
    it, revision = name_of(entry, about, facts, people), ""
    if isinstance(about, ApprovalRequest):
        it, revision = of_revision(about, detail.get("revision"), entry.created_at, (former or {}).get(about.pk, []))
    return Told(
        entry,
        who=people.get(entry.person_id, entry.actor) if entry.person_id else SYSTEM,
        before=before.format_map(facts).strip(),
        it=clip(it, MAX_TITLE) if has_it else "",
        page=page_of(entry),
        after=after.format_map(facts) + revision,
        said=clip(facts["reason"] or facts["text"], MAX_SAID),
    )


def name_of(entry: AuditEntry, about: Any, facts: Mapping[str, str], people: Mapping[int, str]) -> str:
    """What the entry is about, by the best name that is known of it."""
    kind, _, key = entry.object.partition(":")
    person = people.get(int(key), "") if kind == "person" else ""
    return person or str(about or "") or facts["name"] or facts["host"] or entry.object


def of_revision(approval: ApprovalRequest, number: int | None, at: datetime, former: list[Former]) -> tuple[str, str]:
    """What a request was called at that moment, and the revision where one is told: an edit gives it another title."""
    words = "" if number is None else f", revision {number}"
    in_force = number or max((one.number for one in former if one.since <= at), default=approval.revision)
    if in_force == approval.revision:
        return approval.title, words
    if title := next((one.title for one in former if one.number == in_force), ""):
        return title, words
    return f"request {short(approval.pk)}", f"{words} (since edited: {clip(approval.title, MAX_TITLE)})"


def words(value: Any) -> str:
    """A fact in a sentence: lists by commas."""
    if isinstance(value, list):
        return ", ".join(map(words, value)) or "none"
    return "" if value is None else str(value)


def titles_of(workspace_id: int, entries: Iterable[AuditEntry]) -> dict[str, Any]:
    """What these entries are about, by the text that they know it by."""
    keys: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        keys[entry.kind.partition(".")[0]].add(entry.object)
    rows: dict[str, QuerySet[Any]] = {
        "approval": ApprovalRequest.objects.only("title", "revision"),
        "run": Run.objects.only("title"),
        "tool_call": ToolCall.objects.only("title", "tool"),
        "policy": PolicySet.objects.only("name"),
    }
    found: dict[str, Any] = {}
    for kind in rows.keys() & keys.keys():
        wanted = {key.rpartition(":")[2]: key for key in keys[kind] if key}
        own = rows[kind].filter(workspace=workspace_id, pk__in=wanted)
        found |= {wanted[str(one.pk)]: one for one in own}
    return found


def people_of(entries: Iterable[AuditEntry]) -> dict[int, str]:
    """The names of those who acted, and of those to whom something was done."""
    ids = {entry.person_id for entry in entries if entry.person_id}
    ids |= {int(entry.object[7:]) for entry in entries if entry.object.startswith("person:")}
    return {person.pk: str(person) for person in Person.objects.filter(pk__in=ids).only("name", "username")}


def page_of(entry: AuditEntry) -> str:
    """The page about what an entry tells of, where there is one."""
    page, key = PAGES.get(entry.kind.partition(".")[0]), entry.object.rpartition(":")[2]
    return reverse(page, args=[key]) if page and key else ""
