"""The owner of everything: every other row belongs to exactly one workspace."""

from typing import TYPE_CHECKING

from django.db import models, transaction

from workspaces import audit
from workspaces.names import check_name

if TYPE_CHECKING:
    from workspaces.models.person import Person
    from workspaces.models.switch import Switch
    from workspaces.principal import Principal


class WorkspaceQuerySet(models.QuerySet["Workspace"]):
    """Workspaces, and how one is founded."""

    def of(self, person: "Person") -> "WorkspaceQuerySet":
        """The workspaces this person is a member of."""
        return self.filter(memberships__person_id=person.pk)

    @transaction.atomic
    def found(self, name: str, slug: str, by: "Principal | None" = None) -> "Workspace":
        """A new, empty workspace with its stop switch."""
        from workspaces.models.switch import Switch

        workspace = self.model(name=name, slug=slug)
        workspace.full_clean()
        workspace.save(force_insert=True)
        Switch.objects.create(workspace=workspace)
        audit.record(workspace.pk, by, "workspace.founded", workspace.slug, {"name": name})
        return workspace


class Workspace(models.Model):
    """A company, or a part of one that keeps to itself."""

    id = models.AutoField(primary_key=True)
    name = models.CharField(max_length=150, validators=[check_name])
    slug = models.SlugField(max_length=60, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = WorkspaceQuerySet.as_manager()

    switch: "Switch"

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @transaction.atomic
    def rename(self, name: str, by: "Principal") -> None:
        """Give the workspace another name; its slug stays."""
        by.require("administer")
        self.name = name
        self.full_clean()
        self.save(update_fields=["name"])
        audit.record(self.pk, by, "workspace.renamed", self.slug, {"name": name})
