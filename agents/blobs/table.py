"""Kept values as rows: the bytes themselves, or the address of the object store that has them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection, transaction

REST_HOURS = 24  # so long an unused value stays: its run may be about to commit

# `kept_at` moves with every use, so that who deletes and who keeps at the same moment agree by the row's lock.
_PUT = """
WITH kept AS (
  INSERT INTO agents_blob AS blob (digest, workspace_id, size, content, address)
  VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (digest, workspace_id) DO UPDATE SET kept_at = now(),
    content = coalesce(blob.content, excluded.content),
    address = CASE WHEN coalesce(blob.content, excluded.content) IS NULL THEN excluded.address ELSE '' END)
INSERT INTO agents_blobuse (digest, run_id) VALUES ($1, $6) ON CONFLICT DO NOTHING
"""
_FIND = "SELECT workspace_id, content, address FROM agents_blob WHERE digest = $1 ORDER BY content IS NULL LIMIT 1"
_DELETE = """
DELETE FROM agents_blob AS blob WHERE blob.kept_at < now() - $1 * interval '1 hour'
  AND NOT EXISTS (SELECT FROM agents_blobuse AS used WHERE used.digest = blob.digest)
RETURNING blob.digest, blob.workspace_id, blob.address
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A value that is there: its bytes, or where they are."""

    workspace_id: int
    content: bytes | None
    address: str


def put(digest: bytes, workspace_id: int, run_id: UUID, content: bytes) -> None:
    """Keep these bytes here."""
    _execute(_PUT, [digest, workspace_id, len(content), content, "", run_id])


def claim(digest: bytes, workspace_id: int, run_id: UUID, size: int, address: str) -> None:
    """Note that an object store is about to keep them; before it does, so that nobody deletes them meanwhile."""
    _execute(_PUT, [digest, workspace_id, size, None, address, run_id])


def find(digest: bytes) -> Kept | None:
    """The value with this digest, whoever kept it: the same digest is the same bytes."""
    found = _execute(_FIND, [digest])
    return Kept(*found[0]) if found else None


@transaction.atomic
def delete_unused(delete_object: Callable[[bytes, int, str], None]) -> int:
    """Delete what no run uses; objects while the row is locked, so that whoever keeps the same waits."""
    deleted = _execute(_DELETE, [REST_HOURS])
    for digest, workspace_id, address in deleted:
        if address:
            delete_object(digest, workspace_id, address)
    return len(deleted)


def _execute(statement: str, values: list[Any]) -> list[tuple[Any, ...]]:
    """By a cursor that moves bytes as bytes: as text they would be twice as long."""
    connection.ensure_connection()
    with psycopg.RawCursor(connection.connection) as cursor:
        cursor.execute(statement.encode(), values, binary=True)
        return cursor.fetchall() if cursor.description else []
