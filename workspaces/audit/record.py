"""Appending an entry: one plain insert, so that no writer waits for another."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from workspaces import canonical
from workspaces.models.audit_entry import AuditEntry

if TYPE_CHECKING:
    from workspaces.principal import Principal


def record(
    workspace_id: int, actor: "Principal | None", kind: str, object: str | UUID, detail: dict[str, Any] | None = None
) -> None:
    """Append one entry in the caller's transaction; without an actor, the system itself did it."""
    entry = AuditEntry(workspace_id=workspace_id, kind=kind, object=str(object), actor="system")
    entry.detail = canonical.dumps(detail or {}).decode()
    if actor:
        entry.actor, entry.channel = actor.name, actor.channel
        entry.person_id, entry.token_id = actor.person.pk, actor.token.pk if actor.token else None
    entry.save(force_insert=True)
