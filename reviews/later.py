"""Putting a request off, or giving it to somebody else: for half of the time that is left, at most."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Now

from reviews.beside import forget, tell
from reviews.commenting import comment
from reviews.eligibility import check_principal
from reviews.exceptions import KindRefused, NotEligible, Withdrawn
from reviews.locking import database_now
from reviews.models import ApprovalRequest, Claim, Handover, Snooze
from reviews.people import approvers
from reviews.policy.seats import fits
from workspaces.models import Person
from workspaces.principal import Principal

LONGEST = timedelta(days=7)


@transaction.atomic
def snooze(approval: ApprovalRequest, by: Principal, length: timedelta) -> Snooze:
    """See `ApprovalRequest.snooze`."""
    current, until = _half_of(approval, by, length)
    columns = {"until": until}
    found, _ = Snooze.objects.update_or_create(approval=current, person=by.person, defaults=columns)
    tell(current, by, "snoozed", {"until": until.isoformat()})
    return found


@transaction.atomic
def wake(approval: ApprovalRequest, by: Principal) -> None:
    """Take one's own putting off back; nothing happens where there is none."""
    check_principal(approval, by)
    if Snooze.objects.filter(approval=approval, person=by.person).delete()[0]:
        tell(approval, by, "unsnoozed", {})


@transaction.atomic
def hand_over(approval: ApprovalRequest, by: Principal, to: Person, note: str = "") -> Handover:
    """See `ApprovalRequest.hand_over`."""
    current, until = _half_of(approval, by, LONGEST)
    if to not in people_for(current, by):
        raise NotEligible("That person could not decide this: it takes an approver of these groups, and not yourself.")
    if note.strip():
        comment(current, f"For {to.name}: {note.strip()}", by)
    Claim.objects.filter(approval=current, person=by.person).delete()
    Snooze.objects.filter(approval=current, person=to).delete()
    columns = {"person": to, "given_by": by.person, "until": until, "created_at": Now()}
    found, _ = Handover.objects.update_or_create(approval=current, defaults=columns)
    tell(current, by, "handed_over", {"to": to.username, "until": until.isoformat()})
    return found


def people_for(approval: ApprovalRequest, by: Principal) -> list[Person]:
    """Those other than `by` who could decide and have not voted."""
    people = approvers(approval.workspace_id, without=approval.excluded)
    voters = set(approval.votes().values_list("person", flat=True))
    able = [one for one, groups in people.items() if any(fits(group, groups) for group in approval.places.values())]
    return list(Person.objects.filter(pk__in=set(able) - voters - {by.person.pk}).order_by("name"))


@transaction.atomic
def end() -> None:
    """Forget what is over, and tell the pages; a duty of the sweep, safe in several processes."""
    forget(Snooze.objects.filter(until__lte=Now()), "due_again")
    forget(Handover.objects.filter(until__lte=Now()), "due_again")


def _half_of(approval: ApprovalRequest, by: Principal, length: timedelta) -> tuple[ApprovalRequest, datetime]:
    """The request, locked and open, and the end of `length` or of half the time that is left to decide."""
    check_principal(approval, by)
    current = ApprovalRequest.objects.select_for_update(no_key=True).get(pk=approval.pk)
    if not current.is_pending:
        raise Withdrawn("There is nothing left to decide here.")
    now = database_now()
    left = current.deadline_at - now
    if left <= timedelta(0) and current.on_expiry != "keep_waiting":
        raise Withdrawn("Its time is over.")
    if length <= timedelta(0) or length > LONGEST:
        raise KindRefused(f"For a minute to {LONGEST.days} days.", [{"path": "/minutes", "message": "Out of range."}])
    return current, now + (min(length, left / 2) if left > timedelta(0) else length)
