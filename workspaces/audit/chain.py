"""Linking and signing what is committed, behind the writers' backs: a lock per insert would queue them all."""

import logging
from functools import partial

from django.db import connection, transaction

from workspaces.audit import home
from workspaces.audit.seal import BEGINNING, link, signed_text
from workspaces.models.audit_entry import AuditEntry

log = logging.getLogger(__name__)

LOCK_CLASS = 0x61756474  # "audt": the first half of the advisory lock, the workspace is the second

_STORE = """
    UPDATE workspaces_auditentry AS entry SET chain_seq = link.seq, hash = link.hash, signature = link.signature
    FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[], %s::bytea[]) AS link (id, seq, hash, signature)
    WHERE entry.id = link.id
"""


def chain(batch: int = 1000) -> int:
    """Link up to `batch` entries of each workspace and sign the last; says how many. Any number may call at once."""
    waiting = AuditEntry.objects.filter(chain_seq=None).order_by().values_list("workspace_id", flat=True).distinct()
    try:
        return sum(_chain_workspace(workspace_id, batch) for workspace_id in waiting)
    except OSError:
        log.exception("Audit entries stay unchained for now: the home directory cannot be used.")
        return 0


@transaction.atomic
def _chain_workspace(workspace_id: int, batch: int) -> int:
    if not _is_ours(workspace_id):
        return 0
    # Everything committed is settled, for nothing may change an entry: no horizon is needed, and no long
    # transaction elsewhere holds the chain up. What commits later gets a later number.
    entries = AuditEntry.objects.filter(workspace=workspace_id)
    unchained = list(entries.filter(chain_seq=None).order_by("id")[:batch])
    if unchained:
        _extend(workspace_id, unchained, entries.exclude(chain_seq=None).order_by("-chain_seq").first())
    return len(unchained)


def _extend(workspace_id: int, entries: list[AuditEntry], last: AuditEntry | None) -> None:
    first = (last.chain_seq or 0) + 1 if last else 1
    numbers = range(first, first + len(entries))
    links: list[bytes] = []
    previous = bytes(last.hash or b"") if last else BEGINNING
    for number, entry in zip(numbers, entries, strict=True):
        previous = link(entry, number, previous)
        links.append(previous)
    signatures: list[bytes | None] = [None] * len(links)
    signatures[-1] = home.signing_key().sign(signed_text(links[-1]))
    with connection.cursor() as cursor:
        cursor.execute(_STORE, [[entry.pk for entry in entries], list(numbers), links, signatures])
    transaction.on_commit(partial(home.remember_head, workspace_id, numbers[-1], links[-1]))


def _is_ours(workspace_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK_CLASS, workspace_id])
        return bool(cursor.fetchone()[0])
