"""Alike requests on one page: compared by argument, decided together, each with its own result."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from console import queue
from console.card_page import load
from console.pages import MemberRequest, Words, members_only
from console.proposal import Proposal
from console.prospect import Prospect
from console.table import Table
from reviews.batching import MAX_BATCH, Result, alike, alone, decide_together
from reviews.models import ApprovalRequest
from reviews.models.approval import DECIDED
from workspaces.exceptions import BadInput, NotFound

TEMPLATE = "console/batch.html"
SAID = {"approve": "approved", "reject": "rejected"}
JOINED = ("tool_call", "run__agent", "run__version", "run__started_by")


class BatchForm(forms.Form):
    """What is decided about all that were chosen."""

    kind = forms.CharField(max_length=20)
    reason = Words(required=False, strip=False)


@members_only
@require_http_methods(["GET", "HEAD", "POST"])
def batch(request: MemberRequest) -> HttpResponse:
    """The requests named in the address, or all that are like one of them; posted, they are decided."""
    if request.method == "POST":
        return decided(request)
    if request.htmx:
        return render(request, "components/batch_marks.html", {"over": over(request)})
    chosen, left_out = wanted(request)
    return render(request, TEMPLATE, table_context(request, chosen) | {"left_out": left_out})


def over(request: MemberRequest) -> list[tuple[ApprovalRequest, str]]:
    """Those on an open page that somebody has decided meanwhile, or that have ended, each in words."""
    keys = [identified(key) for key in request.GET.getlist("item")[:MAX_BATCH]]
    ended = ApprovalRequest.objects.visible_to(request.principal).exclude(status="pending").filter(pk__in=keys)
    return [(one, ended_in_words(one, request)) for one in ended.prefetch_related("decisions__person")]


def ended_in_words(approval: ApprovalRequest, request: MemberRequest) -> str:
    """Approved by you."""
    made = [one for one in approval.decisions.all() if one.undone_at is None] if approval.status in DECIDED else []
    by = "you" if made and made[-1].person_id == request.user.pk else made and made[-1].person.name
    return f"{approval.status} by {by}" if by else approval.status


def table_context(request: MemberRequest, chosen: list[ApprovalRequest]) -> dict[str, Any]:
    """What is compared; nothing where nothing can be."""
    if not chosen:
        return {}
    workspace = request.principal.workspace
    proposals = {one.pk: Proposal(one, workspace) for one in chosen}
    schema = proposals[chosen[0].pk].schema
    table = Table(schema, chosen, workspace.switch, lambda one: proposals[one.pk].as_money)
    return {"first": chosen[0], "table": table, "max": MAX_BATCH}


def wanted(request: MemberRequest) -> tuple[list[ApprovalRequest], list[tuple[ApprovalRequest, str]]]:
    """Those that can be decided together, and those that cannot, with the reason."""
    if "like" in request.GET:
        first = load(request, identified(request.GET["like"]))
        mine = queue.needing(request.principal, ApprovalRequest.objects.visible_to(request.principal).pending())
        found = alike(first, mine).select_related(*JOINED).most_urgent_first()[:MAX_BATCH]
    else:
        keys = [identified(key) for key in request.GET.getlist("item")[:MAX_BATCH]]
        found = ApprovalRequest.objects.visible_to(request.principal).pending().filter(pk__in=keys)
        found = found.select_related(*JOINED).most_urgent_first()
    approvals = list(found)
    reasons = [(one, alone(one, approvals[0])) for one in approvals]
    return [one for one, reason in reasons if not reason], [(one, reason) for one, reason in reasons if reason]


def decided(request: MemberRequest) -> HttpResponse:
    """Decide what was ticked, with the digests that the page showed."""
    form = BatchForm(request.POST)
    if not form.is_valid():
        raise BadInput("This decision cannot be read: it lacks its kind.")
    seen = dict(read(text) for text in request.POST.getlist("digest"))
    visible = ApprovalRequest.objects.visible_to(request.principal).filter(pk__in=seen).select_related(*JOINED)
    approvals = sorted(visible, key=lambda one: list(seen).index(one.pk))
    if len(approvals) < len(seen):
        raise NotFound
    said = form.cleaned_data
    if said["kind"] == "reject" and not said["reason"].strip():
        return unreasoned(request, set(seen))
    results = decide_together(approvals, said["kind"], by=request.principal, digests=seen, reason=said["reason"])
    switch = request.principal.workspace.switch
    told = [(one, Prospect(one.approval, switch).afterwards if one.is_new else "") for one in results]
    new = [one.approval for one in results if one.is_new]
    keys = {identified(key) for key in request.POST.getlist("item")[:MAX_BATCH]} - set(seen)
    context = {
        "results": told,
        "done": len(new),
        "counts": counted(results, SAID[said["kind"]]),
        "unchosen": still_open(request, keys),
    }
    totals = table_context(request, new)["table"].totals if new else {}
    return render(request, TEMPLATE, context | {"totals": totals})


def counted(results: Sequence[Result], said: str) -> str:
    """What this press did, apart from what had been so before it: 0 approved, 3 were already."""
    new, over = sum(one.is_new for one in results), sum(one.is_over for one in results)
    before = sum(one.decision is not None for one in results) - new
    rest = len(results) - new - before - over
    was = f"{before} {'was' if before == 1 else 'were'} already"
    parts = [(before, was), (over, f"{over} no longer open"), (rest, f"{rest} not decided")]
    return ", ".join([f"{new} {said}", *(words for count, words in parts if count)])


def still_open(request: MemberRequest, keys: set[UUID]) -> list[ApprovalRequest]:
    """Those on the page that were not chosen."""
    return list(ApprovalRequest.objects.visible_to(request.principal).pending().filter(pk__in=keys).most_urgent_first())


def unreasoned(request: MemberRequest, ticked: set[UUID]) -> HttpResponse:
    """The page as it was sent, with what is missing beside its field."""
    keys = ticked | {identified(key) for key in request.POST.getlist("item")[:MAX_BATCH]}
    visible = ApprovalRequest.objects.visible_to(request.principal).pending().filter(pk__in=keys)
    chosen = list(visible.select_related(*JOINED).most_urgent_first())
    missing = {"error": "The agent needs a reason.", "ticked": ticked}
    return render(request, TEMPLATE, table_context(request, chosen) | missing, status=422)


def read(text: str) -> tuple[UUID, bytes]:
    """A request and the digest of what was seen of it."""
    key, _, digest = text.partition(":")
    try:
        return UUID(key), bytes.fromhex(digest)
    except ValueError:
        raise BadInput("This decision cannot be read: a digest of what was seen is missing.") from None


def identified(text: str) -> UUID:
    """The key in an address."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None
