"""Workspaces: an admin may rename theirs and found others."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from workspaces.admin.scoped import ScopedModelAdmin, person_of
from workspaces.models import Membership, Role, Workspace


@admin.register(Workspace)
class WorkspaceAdmin(ScopedModelAdmin):
    """Never deleted: the audit belongs to it."""

    workspace_path = "pk"
    can_delete = False
    list_display = ["name", "slug", "created_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["slug"] if obj else []

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            obj.rename(obj.name, self.principal(request, obj))
        else:
            founded = Workspace.objects.found(obj.name, obj.slug)
            Membership.objects.join(founded, person_of(request), [Role.ADMIN])
            obj.pk = founded.pk
