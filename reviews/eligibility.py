"""May this principal decide about this approval? Asked before the locks are taken, and again under them."""

from collections.abc import Collection, Mapping

from reviews.exceptions import NotEligible
from reviews.models import ApprovalRequest
from reviews.policy.seats import fits
from workspaces.exceptions import NotFound
from workspaces.principal import Principal


def check_principal(approval: ApprovalRequest, by: Principal) -> None:
    """Raise NotEligible with the reason unless `by` may vote, by this channel, on this run."""
    if by.workspace.pk != approval.workspace_id:
        raise NotFound
    if by.is_service:
        raise NotEligible("A service key never decides: people do, in the browser or by a personal token.")
    if by.person.pk in approval.excluded:
        raise NotEligible("You started this run, or own the key that did: somebody else has to decide about it.")
    if not by.has("approver"):
        raise NotEligible("Only approvers decide, and you are not one in this workspace.")
    if by.channel not in approval.channels:
        where = {"web": "in the browser", "api": "by a personal token"}
        raise NotEligible(f"The rules let this be decided only {' or '.join(where[c] for c in approval.channels)}.")
    if not by.may("vote"):
        raise NotEligible("This token lacks the scope approvals:decide.")


def check_person(approval: ApprovalRequest, by: Principal, people: Mapping[int, Collection[str]]) -> None:
    """The same against the rows as they are now: `people` are the approvers of this moment, with their groups."""
    check_principal(approval, by)
    groups = people.get(by.person.pk)
    if groups is None:
        raise NotEligible("Only approvers decide, and you are not one in this workspace any longer.")
    if not any(fits(group, groups) for group in approval.places.values()):
        names = ", ".join(sorted({group for group in approval.places.values() if group}))
        raise NotEligible(f"This asks for {names}, and you are not among them.")
