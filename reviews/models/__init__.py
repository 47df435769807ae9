"""Rules, and what people decided under them."""

from reviews.models.approval import ApprovalRequest
from reviews.models.claim import Claim
from reviews.models.comment import Comment
from reviews.models.decision import Decision
from reviews.models.delivery import Delivery
from reviews.models.endpoint import Endpoint, WebhookKind
from reviews.models.later import Handover, Snooze
from reviews.models.policy import PolicyRevision, PolicySet, Rule
from reviews.models.revision import Revision

__all__ = [
    "ApprovalRequest",
    "Claim",
    "Comment",
    "Decision",
    "Delivery",
    "Endpoint",
    "Handover",
    "PolicyRevision",
    "PolicySet",
    "Revision",
    "Rule",
    "Snooze",
    "WebhookKind",
]
