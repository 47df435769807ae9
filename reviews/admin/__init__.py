"""Policies, webhooks, and what people decided, on the admin site."""

from reviews.admin.approvals import ApprovalAdmin, DecisionAdmin
from reviews.admin.deliveries import DeliveryAdmin
from reviews.admin.endpoints import EndpointAdmin
from reviews.admin.policies import PolicyAdmin
from reviews.admin.revisions import PolicyRevisionAdmin

__all__ = ["ApprovalAdmin", "DecisionAdmin", "DeliveryAdmin", "EndpointAdmin", "PolicyAdmin", "PolicyRevisionAdmin"]
