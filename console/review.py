"""Review: the queue of requests, the card of one, and deciding it."""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.utils.timezone import now
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import reswap, retarget

from console import edit_form, meanwhile, queue, saved_views, schema_form
from console.card import Card
from console.card_page import TEMPLATE, card_context, load
from console.going_on import answer, go_on
from console.pages import MemberRequest, Words, members_only, show
from console.proposal import Proposal
from console.queue_form import CHIPS, FILTERS, RISKS, Chip, QueueForm, query_of
from reviews.exceptions import AlreadyDecided, Changed, Expired, Withdrawn
from reviews.models import ApprovalRequest, Decision
from workspaces import canonical
from workspaces.exceptions import BadInput, CountersignError, Unprocessable

WORDED = {"reject", "respond", "happened", "did_not_happen", "retry"}  # those that need words
MOVED_ON = (AlreadyDecided, Changed, Expired, Withdrawn)


class DecisionForm(forms.Form):
    """What somebody decides, and the digest of the arguments that they saw."""

    kind = forms.CharField(max_length=20)
    digest = forms.RegexField(r"^[0-9a-f]{64}$")
    reason = Words(required=False, strip=False)
    text = Words(required=False, strip=False)
    result = forms.CharField(required=False)
    then = forms.CharField(max_length=10, required=False)
    credential_is_meant = forms.BooleanField(required=False)
    next = forms.UUIDField(required=False)
    is_kept = forms.BooleanField(required=False)


@members_only
@require_safe
def review(request: MemberRequest) -> HttpResponse:
    """The queue; the first request is fetched beside it where there is room. Further rows come by themselves."""
    part = "rows" if "cursor" in request.GET else "queue"
    return show(request, TEMPLATE, part, queue_context(request))


@members_only
@require_safe
def filters(request: MemberRequest) -> HttpResponse:
    """What the queue can be filtered by, fetched when somebody opens the filters."""
    found = queue.choices(request.principal, QueueForm(request.GET).wanted)
    return render(request, "components/queue_choices.html", {"choices": found})


@members_only
@require_safe
def approval(request: MemberRequest, approval_id: UUID) -> HttpResponse:
    """One request under its own address."""
    found = load(request, approval_id)
    context = card_context(request, found)
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, f"{TEMPLATE}#detail", context)
    return render(request, TEMPLATE, queue_context(request, found) | context)


@members_only
@require_safe
def changes(request: MemberRequest, approval_id: UUID) -> HttpResponse:
    """What has happened to a request since it was shown; nothing if nothing has."""
    card = Card(request.principal, load(request, approval_id), "form", now())
    seen = request.GET.get("seen", "")
    context = {"card": card, "approval": card.approval}
    if card.fingerprint != seen:
        context["meanwhile"] = meanwhile.since(card, seen, is_editing="edit" in request.GET)
        return render(request, f"{TEMPLATE}#changes", context)
    if card.beside != request.GET.get("beside", card.beside):
        return render(request, "components/beside.html", context)
    return HttpResponse(status=204)


@members_only
@require_POST
def decide(request: MemberRequest, approval_id: UUID) -> HttpResponse:
    """Decide, and go on with the next request."""
    found, form = load(request, approval_id), DecisionForm(request.POST)
    if not form.is_valid():
        raise BadInput("This decision cannot be read: it lacks its kind, or the digest of what was seen.")
    before = found.explanation
    try:
        decision = act(request, found, form.cleaned_data)
    except MOVED_ON as refusal:
        if request.htmx:
            return told_of_changes(request, load(request, approval_id), refusal)
        raise
    except Unprocessable as refusal:
        if shown := refused(request, found, form.cleaned_data, refusal):
            return shown
        raise
    return go_on(request, found, decision, before, form.cleaned_data)


@members_only
@require_POST
def undo(request: MemberRequest, approval_id: UUID, n: int) -> HttpResponse:
    """Take one's own decision back before it takes effect."""
    found = load(request, approval_id)
    found.undo(n, request.principal)
    return answer(request, found, "Taken back. It is open again.")


def told_of_changes(request: MemberRequest, found: ApprovalRequest, refusal: CountersignError) -> HttpResponse:
    """That somebody else was first is no mistake of the reader: it is told as hints tell it, and nothing moves."""
    card = Card(request.principal, found, "form", now())
    context = {"card": card, "approval": found, "refusal": str(refusal)}
    context["meanwhile"] = meanwhile.since_post(card, request.POST)
    answer = render(request, f"{TEMPLATE}#changes", context, status=refusal.status)
    return retarget(reswap(answer, "innerHTML"), "#changes")


def act(request: MemberRequest, found: ApprovalRequest, said: dict[str, Any]) -> Decision:
    """One decision; to edit and approve is two, of which the second is about the edited arguments."""
    kind, digest = said["kind"], bytes.fromhex(said["digest"])
    words = {name: said[name] for name in ("reason", "text", "credential_is_meant")}
    if not kind.startswith("edit"):
        result = canonical.parse(said["result"]) if said["result"] else None
        return found.decide(kind, by=request.principal, digest=digest, result=result, then=said["then"], **words)
    card = Card(request.principal, found, "form", now())
    args = schema_form.read(card.proposal.schema, card.proposal.args, request.POST)
    if not words["reason"].strip():
        raise edit_form.Unexplained("Say why you change it.")
    decision = found.decide("edit", by=request.principal, digest=digest, args=args, **words)
    if kind == "edit_and_approve":
        decision = found.decide("approve", by=request.principal, digest=bytes(found.digest))
    return decision


def refused(
    request: MemberRequest, found: ApprovalRequest, said: dict[str, Any], refusal: Unprocessable
) -> HttpResponse | None:
    """The form as it was sent, with what is wrong beside its field; None where the message belongs above the page."""
    kind = said["kind"]
    if getattr(refusal, "confirm", ""):
        return None
    if kind.startswith("edit"):
        return edit_refused(request, found, refusal)
    if not request.htmx or kind not in WORDED:
        return None
    field = {"kind": kind, "error": str(refusal), "value": said["text" if kind == "respond" else "reason"]}
    if is_answer := (kind, found.subject_kind) == ("respond", "question"):
        field["options"] = Proposal(found, request.principal.workspace).args.get("options")
    template = "components/answer_field.html" if is_answer else "components/said_field.html"
    answer = render(request, template, field, status=refusal.status)
    return retarget(reswap(answer, "outerHTML"), "#field-answer" if is_answer else f"#field-{kind}")


def edit_refused(request: MemberRequest, found: ApprovalRequest, refusal: Unprocessable) -> HttpResponse:
    """The arguments as somebody wrote them."""
    context = card_context(request, found) | {"is_editing": True}
    context |= edit_form.as_sent(context["card"], request.POST, refusal)
    if not request.htmx:
        return render(request, TEMPLATE, queue_context(request, found) | context, status=refusal.status)
    answer = render(request, "components/arguments.html", context, status=refusal.status)
    return retarget(reswap(answer, "outerHTML"), "#arguments")


def queue_context(request: MemberRequest, found: ApprovalRequest | None = None) -> dict[str, Any]:
    """The queue on the left: of a request that was gone straight to, the list that it is in."""
    wanted, moment = QueueForm(request.GET).wanted, now()
    listing = listed(request, wanted, moment, found)
    first = listing.rows[0].pk if listing.rows else None
    kept: dict[str, Any] = {name: wanted[name] for name in FILTERS if name in wanted}
    return {
        "listing": listing,
        "set_aside": partial(queue.set_aside, request.principal),
        "views": queue.VIEWS,
        "risks": RISKS,
        "wanted": wanted,
        "filters": urlencode(kept),
        "query": query_of(wanted),
        "chips": [
            Chip(
                name,
                label,
                wanted[name],
                urlencode({key: kept[key] for key in kept if key != name} | {"view": listing.view}),
            )
            for name, label in CHIPS.items()
            if name in wanted
        ],
        "saved": saved_views.of_page(request, "review"),
        "now": moment,
        "first": first,
        "selected": found.pk if found else wanted.get("selected", first),
        "opens_first": request.htmx and not request.GET.get("selected"),  # a page without a card, or another view
    }


def listed(
    request: MemberRequest, wanted: dict[str, Any], moment: datetime, found: ApprovalRequest | None
) -> queue.Listing:
    """The view that was asked for; who went straight to a request sees the one that it is in."""
    usual = "needs-me" if request.principal.may("vote") else "open"
    view = wanted.get("view") or (usual if found is None or found.is_pending else "decided")
    listing = queue.listing(request.principal, view, wanted, moment)
    if found is None or request.htmx or found in listing.rows:
        return listing
    view = wanted.get("view") or queue.view_of(request.principal, found)
    return queue.listing(request.principal, view, wanted, moment, found)
