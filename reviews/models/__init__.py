"""Rules, and what people decided under them."""

from reviews.models.approval import ApprovalRequest
from reviews.models.decision import Decision
from reviews.models.policy import PolicyRevision, PolicySet, Rule
from reviews.models.revision import Revision

__all__ = ["ApprovalRequest", "Decision", "PolicyRevision", "PolicySet", "Revision", "Rule"]
