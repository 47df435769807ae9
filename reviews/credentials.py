"""Credentials that a person is about to give away: an agent may ask for one, and the edit box looks like the place."""

from collections.abc import Iterable

from django.db import transaction

from agents.tools import credentials
from reviews.exceptions import HoldsCredential
from reviews.models import ApprovalRequest
from workspaces import audit
from workspaces.principal import Principal


def check(said: Iterable[str], before: bytes) -> None:
    """Raise HoldsCredential where people say one that the call did not hold `before`."""
    known = before.decode()
    found = {text: name for one in said for text, name in credentials.found(one).items() if text not in known}
    if found:
        names = " and ".join(sorted(set(found.values())))
        raise HoldsCredential(
            f"What you wrote holds what looks like a credential ({names}). It would be stored, and the agent and its"
            " model would read it. Nothing has been decided."
        )


@transaction.atomic
def hand_out(approval: ApprovalRequest, by: Principal) -> bytes:
    """The call's exact bytes. Where they hold a credential, only for who may vote, and the audit log says so."""
    exact = bytes(approval.tool_call.args)
    if credentials.found(exact.decode()):
        by.require("vote")
        audit.record(approval.workspace_id, by, "approval.unmasked", approval.pk)
    return exact
