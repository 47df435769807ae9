"""Configuring policies, beyond what a set says of itself."""

from django.db import transaction

from reviews.models import PolicySet
from workspaces import audit, events
from workspaces.principal import Principal


@transaction.atomic
def keep_policy(policy: PolicySet, by: Principal) -> None:
    """Save a new or renamed policy; what it says comes with its revisions."""
    by.require("administer")
    policy.full_clean()
    policy.save()
    audit.record(policy.workspace_id, by, "policy.kept", f"policy:{policy.pk}", {"name": policy.name})
    events.record(policy.workspace_id, "configuration", "policy.kept")
