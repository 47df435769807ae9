"""Claiming a request, so that two people do not work on it at once; votes stay possible for everybody."""

from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from reviews.beside import forget, tell
from reviews.eligibility import check_principal
from reviews.exceptions import Claimed, Withdrawn
from reviews.locking import database_now
from reviews.models import ApprovalRequest, Claim
from workspaces.exceptions import NotFound
from workspaces.principal import Principal

LEASE = timedelta(minutes=5)


@transaction.atomic
def claim(approval: ApprovalRequest, by: Principal, *, take_over: bool = False) -> Claim:
    """See `ApprovalRequest.claim`. Renewing one's own tells nobody; a new claim does."""
    check_principal(approval, by)
    current = ApprovalRequest.objects.select_for_update(no_key=True).get(pk=approval.pk)
    if not current.is_pending:
        raise Withdrawn("There is nothing left to decide here.")
    now = database_now()
    held = Claim.objects.select_related("person").filter(approval=current).first()
    holder = held.person if held and held.is_live(now) else None
    if holder and holder != by.person and not take_over:
        raise Claimed(f"{holder} has claimed this. You can take it over.")
    until = now + LEASE
    if holder == by.person:
        Claim.objects.filter(approval=current).update(lapses_at=until)
    else:
        columns = {"person": by.person, "taken_at": now, "lapses_at": until}
        Claim.objects.update_or_create(approval=current, defaults=columns)
        tell(current, by, "claimed", {"from": holder.username} if holder else {})
    return Claim.objects.select_related("person").get(approval=current)


@transaction.atomic
def release(approval: ApprovalRequest, by: Principal) -> None:
    """Give one's own claim up; nothing happens where there is none."""
    if by.workspace.pk != approval.workspace_id:
        raise NotFound
    if Claim.objects.filter(approval=approval, person=by.person).delete()[0]:
        tell(approval, by, "released", {})


@transaction.atomic
def lapse() -> None:
    """Forget claims that nobody renewed, and tell the others; a duty of the sweep, safe in several processes."""
    forget(Claim.objects.filter(lapses_at__lte=Now()), "released")
