from workspaces.models.audit_entry import AuditEntry
from workspaces.models.event import Event
from workspaces.models.idempotent_request import IdempotentRequest
from workspaces.models.membership import Group, Membership, Role
from workspaces.models.person import Person
from workspaces.models.saved_view import SavedView
from workspaces.models.sign_in_link import SignInLink
from workspaces.models.switch import Switch
from workspaces.models.token import Scope, Token
from workspaces.models.workspace import Workspace

__all__ = [
    "AuditEntry",
    "Event",
    "Group",
    "IdempotentRequest",
    "Membership",
    "Person",
    "Role",
    "SavedView",
    "Scope",
    "SignInLink",
    "Switch",
    "Token",
    "Workspace",
]
