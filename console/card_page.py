"""One request for a page: its rows, and what its card shows."""

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils.timezone import now

from console import edit_form
from console.card import VIEWS, Card
from console.pages import MemberRequest
from console.queue_form import QueueForm
from reviews.models import ApprovalRequest
from reviews.outdated import with_others
from reviews.repeating import with_same

TEMPLATE = "console/review.html"


def load(request: MemberRequest, approval_id: UUID) -> ApprovalRequest:
    """The request, if it is of this workspace; more tables would take longer to plan than to ask one by one."""
    visible = with_same(with_others(ApprovalRequest.objects.visible_to(request.principal)))
    return get_object_or_404(visible.select_related("tool_call", "run__agent", "run__version"), pk=approval_id)


def card_context(request: MemberRequest, found: ApprovalRequest) -> dict[str, Any]:
    """The card on the right."""
    view = QueueForm(request.GET).wanted.get("args", "form")
    card = Card(request.principal, found, view, now())
    is_editing = "edit" in request.GET and card.may_decide and found.edit_allowed and found.subject_kind == "tool_call"
    controls = edit_form.controls(card) if is_editing else []
    return {
        "card": card,
        "approval": found,
        "is_editing": is_editing,
        "controls": controls,
        "argument_views": VIEWS,
    }
