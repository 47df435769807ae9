"""Configuring policies, beyond what a set says of itself."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from reviews.models import PolicyRevision, PolicySet, Rule
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


def revise(
    base: PolicyRevision,
    rule: Rule | None,
    said: Mapping[str, Any] | None,
    by: Principal,
    *,
    after: int,
    in_force: bool,
) -> PolicyRevision:
    """The next revision: `base` with one rule saying this instead, added (no `rule`) or left out (nothing `said`)."""
    kept = [(one, one.columns()) for one in base.rules.all()]
    if rule is None:
        rules = [*(columns for _, columns in kept), dict(said or {})]
    else:
        changed = [(one, said if one == rule else columns) for one, columns in kept]
        rules = [dict(columns) for _, columns in changed if columns is not None]
    save = base.policy_set.publish if in_force else base.policy_set.draft
    return save(rules, by, after=after)
