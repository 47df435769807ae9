"""Who may decide: approvers of the workspace with their groups, less those whom a run excludes."""

from collections.abc import Collection
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q

from agents.models import Run
from workspaces.models import Membership, Role


def approvers(workspace_id: int, *, without: Collection[int] = ()) -> dict[int, frozenset[str]]:
    """Active approvers at this moment, by person, with the names of their review groups."""
    names = ArrayAgg("groups__name", filter=Q(groups__isnull=False), default=[])
    found = (
        Membership.objects.filter(
            workspace_id=workspace_id, roles__contains=[Role.APPROVER.value], person__is_active=True
        )
        .exclude(person__in=without)
        .annotate(names=names)
    )
    return {person: frozenset(groups) for person, groups in found.order_by("person").values_list("person", "names")}


def excluded_from(run_id: UUID) -> list[int]:
    """Whoever started the run, and whoever stands behind the key or token that did."""
    found = Run.objects.values_list("started_by", "started_by_token__person").get(pk=run_id)
    return sorted({person for person in found if person is not None})
