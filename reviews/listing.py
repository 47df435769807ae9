"""Pages of approvals, by an opaque cursor; a page costs the same wherever it lies."""

import base64
import binascii
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from agents.api import pages
from reviews.models import ApprovalRequest
from reviews.models.approval import ApprovalQuerySet
from workspaces.exceptions import Unprocessable

type Page = tuple[list[ApprovalRequest], str | None]


def page(approvals: ApprovalQuerySet, status: str | None, cursor: str, limit: int) -> Page:
    """Pending approvals by urgency; any others newest first."""
    if status == ApprovalRequest.Status.PENDING:
        return _by_urgency(approvals.pending(), cursor, limit)
    return pages.page(approvals.filter(status=status) if status else approvals, cursor, limit)


def _by_urgency(approvals: ApprovalQuerySet, cursor: str, limit: int) -> Page:
    if cursor:
        deadline, key = place_of(cursor)
        approvals = approvals.filter(Q(deadline_at__gt=deadline) | Q(deadline_at=deadline, pk__gt=key))
    found = list(approvals.most_urgent_first()[: limit + 1])
    return found[:limit], write(found[limit - 1].deadline_at, found[limit - 1].pk) if len(found) > limit else None


def lately_decided(approvals: ApprovalQuerySet, cursor: str, limit: int) -> Page:
    """Those that are decided, the last decision first."""
    approvals = approvals.filter(decided_at__isnull=False)
    if cursor:
        moment, key = place_of(cursor)
        approvals = approvals.filter(Q(decided_at__lt=moment) | Q(decided_at=moment, pk__lt=key))
    found = list(approvals.order_by("-decided_at", "-pk")[: limit + 1])
    return found[:limit], write(found[limit - 1].decided_at, found[limit - 1].pk) if len(found) > limit else None


def write(moment: datetime | None, key: UUID) -> str:
    """A cursor by time."""
    return base64.urlsafe_b64encode(f"{moment and moment.isoformat()} {key}".encode()).decode()


def place_of(cursor: str) -> tuple[datetime, UUID]:
    """The time and key that a cursor by time stands for; raises Unprocessable."""
    try:
        deadline, key = base64.b64decode(cursor, altchars=b"-_", validate=True).decode().split(" ")
        moment, pk = datetime.fromisoformat(deadline), UUID(key)
    except (ValueError, binascii.Error):
        moment, pk = None, None
    if moment is None or moment.tzinfo is None or pk is None:
        raise Unprocessable("This cursor is not one of ours.", [{"path": "cursor", "message": "unreadable"}])
    return moment, pk
