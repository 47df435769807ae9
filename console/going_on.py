"""What comes after a decision: what was done, and the next request."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django_htmx.http import push_url, reswap, trigger_client_event

from console import edit_form, queue, urgency
from console.card import Card
from console.card_page import TEMPLATE, card_context, load
from console.pages import MemberRequest
from console.prospect import Prospect
from console.queue_form import on_page, query_of
from reviews.models import ApprovalRequest, Decision


def go_on(
    request: MemberRequest,
    decided: ApprovalRequest,
    decision: Decision,
    before: dict[str, Any],
    said: dict[str, Any],
) -> HttpResponse:
    """After an edit one stays; after anything else comes the next request.

    `before` is what the rules said then; `said` names the `next` of the page, and whether it has its card already.
    """
    words = f"{decision.said.capitalize()}: {decided.title}"
    if decision.kind == "edit":
        result = edit_form.compared(before, decided.explanation)
        return answer(request, decided, f"Edited. Rules checked again: {result}.", recheck=result)
    if decided.is_pending:
        words += f". {len(decided.places) - decided.votes().count()} more needed"
    elif decision.kind == "approve" and (ahead := Prospect(decided, request.principal.workspace.switch).afterwards):
        words += f". {ahead}"
    after = following(request, decided, said["next"])
    if said["is_kept"] and after == said["next"]:
        return opened_by_page(request, after, words, decided)
    return answer(request, load(request, after) if after else None, words, decided)


def following(request: MemberRequest, decided: ApprovalRequest, wanted: UUID | None) -> UUID | None:
    """The next request that needs this person, of those that the queue on the page shows, or the first, or none.

    The page knows which stands below the one that was decided: `wanted`.
    """
    waiting = queue.filtered(queue.requests(request.principal, "needs-me"), on_page(request)).exclude(pk=decided.pk)
    below, moment = waiting.filter(pk=wanted)[:1] if wanted else (), now()
    behind = urgency.rows_from(waiting, moment, 1, urgency.Place.of(decided, moment)) if not below else ()
    after = [*below, *behind] or urgency.rows_from(waiting, moment, 1)
    return after[0].pk if after else None


def answer(
    request: MemberRequest,
    found: ApprovalRequest | None,
    words: str,
    decided: ApprovalRequest | None = None,
    recheck: str = "",
) -> HttpResponse:
    """The next card and what was done; the queue fetches itself behind it. Without htmx a redirect to the same."""
    address = reverse("review-approval", args=[found.pk]) if found else reverse("review")
    if not request.htmx:
        messages.success(request, words)
        return redirect(address)
    context = card_context(request, found) if found else {}
    undoable = Card(request.principal, decided, "form", now()) if decided else None
    context |= {"words": words, "decided": undoable, "recheck": recheck, "left": left_behind(request, found)}
    query = query_of(on_page(request))
    page = push_url(render(request, f"{TEMPLATE}#answer", context), f"{address}?{query}" if query else address)
    return trigger_client_event(page, "cs:decided", after="settle")


def opened_by_page(request: MemberRequest, after: UUID, words: str, decided: ApprovalRequest) -> HttpResponse:
    """What was done; static/js/ahead.js shows the card that it has."""
    undoable = Card(request.principal, decided, "form", now())
    page = render(request, f"{TEMPLATE}#done", {"words": words, "decided": undoable, "left": decided.pk})
    trigger_client_event(reswap(page, "none"), "cs:open", {"id": f"request-{after}"}, after="swap")
    return trigger_client_event(page, "cs:decided", after="settle")


def left_behind(request: MemberRequest, found: ApprovalRequest | None) -> UUID | None:
    """The request whose card another one follows."""
    asked: UUID | None = request.resolver_match.kwargs["approval_id"] if request.resolver_match else None
    return None if found and found.pk == asked else asked
