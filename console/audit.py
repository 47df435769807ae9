"""The audit log: searched, checked against its chain with progress, and exported as JSON lines."""

import json
from collections.abc import AsyncIterator
from typing import Any

from asgiref.sync import sync_to_async
from django import forms
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.utils.timezone import now
from django.views.decorators.http import require_POST, require_safe

from agents.runtime import database
from console import telling
from console.pages import AddressForm, Day, MemberRequest, members_only
from workspaces import audit
from workspaces.audit.search import WINDOW, fitting, of_days, search
from workspaces.models import AuditEntry

PAGE = 100
STEP = 5000  # entries checked before the page hears how far it has come
CHUNK = 1000  # entries of an export read at once
WALK = "audit_walk"  # where the session keeps a check that is under way


class FilterForm(AddressForm):
    """What is looked for."""

    actor = forms.CharField(max_length=200, required=False)
    kind = forms.CharField(max_length=100, required=False)
    object = forms.CharField(max_length=200, required=False)
    since = Day()
    until = Day()
    before = forms.IntegerField(min_value=1, max_value=2**62, required=False)


@members_only
@require_safe
def log(request: MemberRequest) -> HttpResponse:
    """One page of entries."""
    request.principal.require("administer")
    asked = FilterForm(request.GET)
    wanted = asked.wanted
    filters = {name: value for name, value in wanted.items() if name != "before"}
    found = search(request.principal.workspace.pk, filters, PAGE, wanted.get("before"))
    entries = telling.told(request.principal.workspace, found.entries)
    context = {"found": found, "entries": entries, "wanted": wanted, "filters": urlencode(filters), "window": WINDOW}
    context["asked"] = asked
    context["older"] = "?" + urlencode(filters | {"before": found.older}) if found.older else ""
    return render(request, "console/audit.html", context)


@members_only
@require_POST
def verify(request: MemberRequest) -> HttpResponse:
    """Check the next part of the chain; the answer asks for the one after until the end is reached."""
    request.principal.require("administer")
    workspace, kept = request.principal.workspace, request.session.get(WALK)
    if kept and "on" in request.POST and kept[0] == workspace.pk:
        walk = audit.Walk.resumed(kept)
    else:
        walk = audit.Walk.begin(workspace.pk)
    is_over = walk.advance(STEP)
    request.session[WALK] = None if is_over else walk.as_json()
    entries = AuditEntry.objects.filter(workspace=workspace)
    last = entries.exclude(chain_seq=None).order_by("-chain_seq").values_list("chain_seq", flat=True).first() or 0
    context = {"walk": walk, "is_over": is_over, "last": max(last, walk.seq), "at": now()}
    context["unchained"] = entries.filter(chain_seq=None).count() if is_over else 0
    return render(request, "components/audit_check.html", context)


@members_only
@require_safe
def export(request: MemberRequest) -> StreamingHttpResponse:
    """All entries that fit, oldest first, a line of JSON each; the export itself is in the audit."""
    request.principal.require("administer")
    wanted = FilterForm(request.GET).wanted
    filters = {name: value for name, value in wanted.items() if name != "before"}
    workspace = request.principal.workspace
    audit.record(workspace.pk, request.principal, "audit.exported", "", {name: str(filters[name]) for name in filters})
    response = StreamingHttpResponse(lines(workspace.pk, filters), content_type="application/jsonl")
    response["Content-Disposition"] = f'attachment; filename="audit-{workspace.slug}-{now():%Y-%m-%d}.jsonl"'
    response["Cache-Control"] = "no-store"
    return response


async def lines(workspace_id: int, filters: dict[str, Any]) -> AsyncIterator[bytes]:
    """The export, a part at a time: nothing is held between two parts, neither rows nor a transaction."""
    after = 0
    while rows := await sync_to_async(part)(workspace_id, filters, after):
        after = rows[-1].pk
        yield b"".join(line(row) for row in rows)


def part(workspace_id: int, filters: dict[str, Any], after: int) -> list[AuditEntry]:
    """The entries behind the one with that id."""
    with database.released_after():
        entries = of_days(workspace_id, filters).filter(pk__gt=after).order_by("id")
        return list(fitting(entries, filters)[:CHUNK])


def line(entry: AuditEntry) -> bytes:
    """One entry with its link of the chain, so that a reader can check it."""
    same = ("id", "actor", "person_id", "token_id", "channel", "kind", "object", "chain_seq")
    written = {name: getattr(entry, name) for name in same}
    written |= {"at": entry.created_at.isoformat(timespec="microseconds"), "detail": entry.detail}
    written |= {
        name: value and bytes(value).hex() for name, value in (("hash", entry.hash), ("signature", entry.signature))
    }
    return json.dumps(written, ensure_ascii=False).encode(errors="backslashreplace") + b"\n"
