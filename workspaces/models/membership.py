"""Who belongs to a workspace, in which roles and review groups (design: roles and rights)."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.db.models import Q

from workspaces import audit, events
from workspaces.exceptions import Unprocessable
from workspaces.models.switch import Switch
from workspaces.names import check_name

if TYPE_CHECKING:
    from workspaces.models.person import Person
    from workspaces.models.workspace import Workspace
    from workspaces.principal import Principal


class Role(models.TextChoices):
    """What a member may do; a person may hold several."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"
    ENGINEER = "engineer"
    ADMIN = "admin"


ADMIN_SITE_ROLES = {Role.ADMIN, Role.ENGINEER}


class Group(models.Model):
    """A review group: a seat of an approval names one."""

    workspace = models.ForeignKey("Workspace", models.CASCADE, related_name="groups")
    name = models.CharField(max_length=100, validators=[check_name])

    class Meta:
        ordering = ["name"]
        verbose_name = "review group"
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="group_name_is_unique")]

    def __str__(self) -> str:
        return self.name

    @transaction.atomic
    def keep(self, by: "Principal | None") -> None:
        """Save the group; votes that filled its seats are asked again."""
        if by:
            by.require("administer")
        self.full_clean()
        self.save()
        self._changed("group.kept", by)

    @transaction.atomic
    def dissolve(self, by: "Principal | None") -> None:
        """Remove the group; a seat that names it can no longer be filled."""
        if by:
            by.require("administer")
        self._changed("group.dissolved", by)
        self.delete()

    def _changed(self, kind: str, by: "Principal | None") -> None:
        Switch.tighten(self.workspace_id)
        audit.record(self.workspace_id, by, kind, f"group:{self.pk}", {"name": self.name})
        events.record(self.workspace_id, "configuration", kind)


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Memberships, and how one begins."""

    @transaction.atomic
    def join(
        self,
        workspace: "Workspace",
        person: "Person",
        roles: Iterable[str],
        groups: Iterable[Group] = (),
        by: "Principal | None" = None,
    ) -> "Membership":
        """Make `person` a member."""
        membership = self.model(workspace=workspace, person=person)
        membership.change(roles=roles, groups=groups, by=by)
        return membership


class Membership(models.Model):
    """One person in one workspace."""

    workspace = models.ForeignKey("Workspace", models.CASCADE, related_name="memberships")
    person = models.ForeignKey("Person", models.CASCADE, related_name="memberships")
    roles = ArrayField(models.TextField(choices=Role.choices), default=list)
    groups = models.ManyToManyField(Group, blank=True, related_name="memberships")

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "person"], name="member_once_a_workspace"),
            models.CheckConstraint(condition=Q(roles__contained_by=Role.values), name="membership_roles_are_known"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {', '.join(self.roles)}"

    @staticmethod
    def workspaces_of(person: "Person", *roles: str) -> "models.QuerySet[Membership, int]":
        """Ids of the workspaces where `person` holds one of `roles`."""
        held = Membership.objects.filter(person=person, roles__overlap=list(roles))
        return held.values_list("workspace_id", flat=True)

    @transaction.atomic
    def change(self, *, roles: Iterable[str], groups: Iterable[Group], by: "Principal | None") -> None:
        """Set roles and groups; verdicts and votes given under the old ones no longer count."""
        self._ask(by)
        self.roles, chosen = sorted(set(roles)), list(groups)
        if any(group.workspace_id != self.workspace_id for group in chosen):
            raise Unprocessable("A group of another workspace.", [{"path": "/groups", "message": "Unknown group."}])
        self.full_clean()
        self.save()
        self.groups.set(chosen)
        self._changed("membership.changed", {"roles": self.roles, "groups": sorted(group.name for group in chosen)}, by)

    @transaction.atomic
    def end(self, by: "Principal | None") -> None:
        """The person leaves the workspace."""
        self._ask(by)
        self.delete()
        self._changed("membership.ended", {}, by)

    def _ask(self, by: "Principal | None") -> None:
        if by:
            by.require("administer")

    def _changed(self, kind: str, detail: dict[str, list[str]], by: "Principal | None") -> None:
        Switch.tighten(self.workspace_id)
        self._open_or_close_the_admin_site()
        audit.record(self.workspace_id, by, kind, f"person:{self.person_id}", dict(detail))
        events.record(self.workspace_id, "configuration", kind)

    def _open_or_close_the_admin_site(self) -> None:
        needs_it = Membership.workspaces_of(self.person, *ADMIN_SITE_ROLES).exists()
        self.person.is_staff = needs_it or self.person.is_superuser
        self.person.save(update_fields=["is_staff"])
