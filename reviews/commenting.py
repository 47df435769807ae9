"""Commenting on a request, for the people who decide about it."""

from django.db import transaction

from agents.tools import credentials
from reviews.exceptions import KindRefused, NotEligible
from reviews.mentions import mentioned
from reviews.models import ApprovalRequest, Comment
from workspaces import audit, canonical, events
from workspaces.exceptions import NotFound
from workspaces.models import Scope
from workspaces.principal import Principal

MAX_TEXT = 4_000


@transaction.atomic
def comment(approval: ApprovalRequest, text: str, by: Principal) -> Comment:
    """See `ApprovalRequest.comment`."""
    if by.workspace.pk != approval.workspace_id:
        raise NotFound
    if by.is_service:
        raise NotEligible("A service key does not comment: people do, in the browser or by a personal token.")
    by.require("operate", Scope.APPROVALS_DECIDE)
    text = _checked(text)
    names = mentioned(text, approval.workspace_id)
    made = Comment.objects.create(approval=approval, text=text, mentioned=names, person=by.person, token=by.token)
    audit.record(approval.workspace_id, by, "approval.commented", approval.pk, {"comment": made.pk, "text": made.text})
    events.record(approval.workspace_id, "approval", "approval.commented", approval.pk)
    if names:
        events.record(approval.workspace_id, "approval", "approval.mentioned", approval.pk, made.pk)
    return made


def _checked(text: str) -> str:
    """The words without space around them, if there are any, not too many, and no credential among them."""
    text = text.strip()
    canonical.check(text)
    if not text:
        raise KindRefused("A comment says something.", [{"path": "/text", "message": "Required."}])
    if names := sorted(set(credentials.found(text).values())):
        sentence = f"It holds what looks like a credential ({', '.join(names)}); comments are kept for good."
        raise KindRefused(sentence, [{"path": "/text", "message": sentence}])
    if len(text) > MAX_TEXT:
        sentence = f"At most {MAX_TEXT:,} characters."
        raise KindRefused(f"The comment is too long. {sentence}", [{"path": "/text", "message": sentence}])
    return text
