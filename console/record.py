"""One request as a record: what was put to the vote in each revision, who said what, and what came of it; to print."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from agents.runtime.text import loads
from console import prose
from console.card import Card
from console.card_page import load
from console.pages import MemberRequest, members_only
from console.prose import Line
from reviews.models import Decision, Revision


@dataclass(frozen=True)
class Version:
    """One revision: its arguments, what changed, and what was decided about it."""

    revision: Revision
    before: Revision | None
    decisions: list[Decision]

    @property
    def lines(self) -> list[Line]:
        """The arguments, whole; each as it was hashed."""
        return prose.lines(loads(bytes(self.revision.args)))

    @property
    def difference(self) -> list[Line]:
        """From the revision before."""
        if self.before is None:
            return []
        return prose.difference(loads(bytes(self.before.args)), loads(bytes(self.revision.args)))


@members_only
@require_safe
def record(request: MemberRequest, approval_id: UUID) -> HttpResponse:
    """The record of a request."""
    found = load(request, approval_id)
    card = Card(request.principal, found, "form", now())
    return render(request, "console/record.html", {"approval": found, "card": card, "versions": versions(card)})


def versions(card: Card) -> list[Version]:
    """The revisions in order. An edit is about the revision that it changed."""
    revisions = list(card.approval.revisions.select_related("edited_by"))
    befores = [None, *revisions]
    return [
        Version(one, befores[place], [made for made in card.decisions if made.revision == one.number])
        for place, one in enumerate(revisions)
    ]
