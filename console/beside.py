"""What happens beside a decision: comments, claims, later and other people, and looking at arguments in full."""

from datetime import timedelta
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import escape
from django.utils.timezone import now
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import reswap, retarget

from console import edit_form
from console.card import Card
from console.card_page import load
from console.going_on import answer, following
from console.pages import MemberRequest, Words, members_only
from reviews.exceptions import KindRefused, NotEligible
from reviews.later import people_for, wake
from workspaces.exceptions import NotFound, Unprocessable
from workspaces.models import Person

MAX_NAMED = 12


class LaterForm(forms.Form):
    """Put off for so many minutes, or give to somebody with a note."""

    kind = forms.ChoiceField(choices=[(kind, kind) for kind in ("snooze", "wake", "hand_over")])
    minutes = forms.IntegerField(min_value=1, max_value=10_080, required=False)
    person = forms.IntegerField(required=False)
    note = Words(max_length=3_800, required=False)
    next = forms.UUIDField(required=False)


class CommentForm(forms.Form):
    """What somebody says."""

    text = Words(required=False)


@members_only
@require_POST
def comments(request: MemberRequest, approval_id: UUID) -> HttpResponse:
    """Say something about a request."""
    found, form = load(request, approval_id), CommentForm(request.POST)
    form.is_valid()
    try:
        found.comment(form.cleaned_data.get("text", ""), request.principal)
    except KindRefused as refusal:
        if not request.htmx:
            raise
        return retarget(reswap(HttpResponse(escape(refusal), status=refusal.status), "innerHTML"), "#comment-error")
    return part(request, approval_id, "comments")


@members_only
@require_POST
def claim(request: MemberRequest, approval_id: UUID) -> HttpResponse:
    """Claim a request, renew the claim, take over, or give it up."""
    found, wanted = load(request, approval_id), request.POST.get("kind", "")
    if wanted == "release":
        found.release(request.principal)
    else:
        found.claim(request.principal, take_over=wanted == "take_over")
    return HttpResponse(status=204) if wanted == "renew" else part(request, approval_id, "claim")


@members_only
@require_POST
def later(request: MemberRequest, approval_id: UUID) -> HttpResponse:
    """Put a request off, take that back, or give it to somebody else; then comes the next one."""
    found, form = load(request, approval_id), LaterForm(request.POST)
    if not form.is_valid():
        raise Unprocessable("Say for how many minutes, or to whom.")
    wanted = form.cleaned_data
    if wanted["kind"] == "wake":
        wake(found, request.principal)
        return answer(request, found, "Back in your queue.")
    if wanted["kind"] == "snooze":
        found.snooze(request.principal, timedelta(minutes=wanted["minutes"] or 0))
        words = f"Put off for {wanted['minutes']} min: {found.title}"
    else:
        to = next((one for one in people_for(found, request.principal) if one.pk == wanted["person"]), None)
        if to is None:
            raise Unprocessable("Choose somebody who could decide this.", [{"path": "/person", "message": "Nobody."}])
        found.hand_over(request.principal, to, wanted["note"])
        words = f"Handed over to {to.name}: {found.title}"
    after = following(request, found, wanted["next"])
    return answer(request, load(request, after) if after else None, words)


@members_only
@require_POST
def check(request: MemberRequest, approval_id: UUID) -> HttpResponse:
    """What an edit would come to, while somebody writes it; nothing once it is decided, which the card itself tells."""
    card = Card(request.principal, load(request, approval_id), "form", now())
    if not card.approval.is_pending:
        return HttpResponse(status=204)
    if not card.may_decide:
        raise NotEligible(card.refusal or "There is nothing left to decide here.")
    return render(request, "components/edit_check.html", {"card": card, "check": edit_form.check(card, request.POST)})


@members_only
@require_safe
def people(request: MemberRequest, approval_id: UUID) -> HttpResponse:
    """To whom a request could be given, or whom a comment may name, fetched when somebody wants to."""
    found = load(request, approval_id)
    if "mention" in request.GET:
        members = Person.objects.filter(memberships__workspace=found.workspace_id, is_active=True)
        others = members.exclude(pk=request.principal.person.pk).order_by("username")[:MAX_NAMED]
        return render(request, "components/mention.html", {"people": others})
    return render(request, "components/hand_over.html", {"people": people_for(found, request.principal)})


@members_only
@require_safe
def arguments(request: MemberRequest, approval_id: UUID) -> HttpResponse:
    """The canonical bytes exactly as they are hashed, as a file; or one value of them in full, to be read."""
    card = Card(request.principal, load(request, approval_id), "form", now())
    if "name" not in request.GET:
        answer = HttpResponse(card.approval.exact_bytes(request.principal), content_type="application/octet-stream")
        answer["Content-Disposition"] = f'attachment; filename="{card.approval.pk}.json"'
        return answer
    found = next((one for one in card.proposal.arguments if one.field.name == request.GET["name"]), None)
    if found is None:
        raise NotFound
    return render(request, "components/whole_value.html", {"reading": found.now})


def part(request: MemberRequest, approval_id: UUID, name: str) -> HttpResponse:
    """That part of the card as it is now; without htmx the whole page."""
    if not request.htmx:
        return redirect("review-approval", approval_id)
    found = load(request, approval_id)
    card = Card(request.principal, found, "form", now())
    return render(request, f"components/{name}.html", {"card": card, "approval": found, "is_part": True})
