"""What a link of the chain is: the hash of a row and of the link before it."""

import hashlib
from datetime import UTC

from workspaces import canonical
from workspaces.models.audit_entry import AuditEntry

BEGINNING = bytes(32)
SIGNED_AS = b"countersign audit chain v1\n"


def link(entry: AuditEntry, seq: int, previous: bytes) -> bytes:
    """The hash that `entry` has as number `seq` behind the hash `previous`."""
    row = canonical.dumps(
        {
            "workspace": entry.workspace_id,
            "seq": seq,
            "id": entry.pk,
            "at": entry.created_at.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor": entry.actor,
            "person": entry.person_id,
            "token": entry.token_id,
            "channel": entry.channel,
            "kind": entry.kind,
            "object": entry.object,
            "detail": entry.detail,
        }
    )
    return hashlib.sha256(row + previous).digest()


def signed_text(hash_: bytes) -> bytes:
    """What the key signs; the hash covers the workspace, the number and everything before."""
    return SIGNED_AS + hash_
