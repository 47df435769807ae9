"""The admin site of this app, and the scoped base that every app's admin builds on."""

from workspaces.admin.audit import AuditEntryAdmin
from workspaces.admin.copying import EVERYWHERE, CopyingModelAdmin, number_of
from workspaces.admin.people import GroupAdmin, MembershipAdmin, PersonAdmin
from workspaces.admin.scoped import ScopedModelAdmin
from workspaces.admin.tokens import TokenAdmin
from workspaces.admin.workspace import WorkspaceAdmin

__all__ = [
    "EVERYWHERE",
    "AuditEntryAdmin",
    "CopyingModelAdmin",
    "GroupAdmin",
    "MembershipAdmin",
    "PersonAdmin",
    "ScopedModelAdmin",
    "TokenAdmin",
    "WorkspaceAdmin",
    "number_of",
]
