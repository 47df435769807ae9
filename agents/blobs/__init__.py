"""Large texts, stored once by the SHA-256 of their bytes; where one was, a reference stands.

A reference begins with `@`, which no JSON text does, so it can stand wherever JSON text stands. What is short stays
where it is. A journal's digests are of the text as it is stored: re-driving a run loads nothing that nobody looks at.
"""

import hashlib
import logging
from uuid import UUID

from django.conf import settings

from agents.blobs import table
from agents.blobs.s3 import Bucket, bucket
from agents.exceptions import ValueMissing, ValueUnreachable

log = logging.getLogger(__name__)
PREFIX = "@sha256:"


def keep(text: str, workspace_id: int, run_id: UUID) -> str:
    """The text itself, or the reference under which it is kept from now on for this run. May be called again."""
    if is_reference(text) or not is_large(text):
        return text
    content = text.encode()
    digest = hashlib.sha256(content).digest()
    _put(content, digest, workspace_id, run_id)
    return f"{PREFIX}{digest.hex()}:{len(content)}"


def is_large(text: str) -> bool:
    """Whether this text is kept elsewhere."""
    most = int(settings.BLOB_ABOVE_BYTES)
    return len(text) > most // 4 and len(text.encode()) > most


def read(text: str) -> str:
    """The text that a reference stands for, or the text itself. Raises ValueMissing and ValueUnreachable."""
    return _content(text).decode() if is_reference(text) else text


def read_bytes(stored: bytes) -> bytes:
    """The same for a text in UTF-8."""
    return _content(stored.decode()) if stored.startswith(PREFIX.encode()) else stored


def is_reference(text: str) -> bool:
    """Whether this stands for a text that is kept elsewhere."""
    return text.startswith(PREFIX)


def size(text: str) -> int:
    """How many bytes the text has, without loading it."""
    return int(text.rpartition(":")[2]) if is_reference(text) else len(text.encode())


def glance(text: str) -> str:
    """The text itself, or of one that is kept elsewhere how long it is."""
    return f"{size(text):,} bytes" if is_reference(text) else text


def _put(content: bytes, digest: bytes, workspace_id: int, run_id: UUID) -> None:
    """Into the object store where there is one; while that is away into the table, so that no outcome is lost."""
    store = bucket()
    if store is not None:
        table.claim(digest, workspace_id, run_id, len(content), store.address)
        try:
            store.put(_key(digest, workspace_id), content)
        except ValueUnreachable as error:
            log.warning("A value of %s bytes goes into the database instead: %s", len(content), error)
        else:
            return
    table.put(digest, workspace_id, run_id, content)


def _content(reference: str) -> bytes:
    """Never something else than what was kept: its digest is compared."""
    named = reference.removeprefix(PREFIX).partition(":")[0]
    digest = bytes.fromhex(named)
    found = table.find(digest)
    if found is None:
        raise ValueMissing(f"The value {reference} is not there.")
    content = found.content
    if content is None:
        content = Bucket.at(found.address).get(_key(digest, found.workspace_id))
    if hashlib.sha256(content).digest() != digest:
        raise ValueMissing(f"What is stored as {reference} is not what was kept.")
    return content


def sweep_unused() -> int:
    """Delete what no run refers to any longer; says how many. A duty of the sweep."""
    return table.delete_unused(_delete_object)


def _delete_object(digest: bytes, workspace_id: int, address: str) -> None:
    Bucket.at(address).delete(_key(digest, workspace_id))


def _key(digest: bytes, workspace_id: int) -> str:
    return f"{workspace_id}/{digest.hex()}"
