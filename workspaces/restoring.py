"""After a restore: sign everybody out, keep the order of events, and let the audit say what it lost."""

from functools import partial

from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from workspaces import audit
from workspaces.audit import home
from workspaces.audit.seal import BEGINNING
from workspaces.models import AuditEntry, SignInLink, Switch, Workspace

# Transaction numbers of another server may be ahead of this one's: such events would be hidden, and sort behind new
# ones. All that were restored get one number that is older than any; among them `seq` has the order of their writing.
_OF_ANOTHER_SERVER = "SELECT EXISTS (SELECT FROM workspaces_event WHERE xid > pg_current_xact_id())"
_REORDER = "UPDATE workspaces_event SET xid = '3' WHERE xid <> pg_current_xact_id()"


def sign_everybody_out() -> tuple[int, int]:
    """End sessions and unused links: some were ended or used since the backup. Says how many of each."""
    links = SignInLink.objects.unused().update(used_at=Now())
    return Session.objects.all().delete()[0], links


def keep_events_in_order() -> int:
    """Events of a server whose transactions were numbered otherwise; says how many were renumbered."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_ANOTHER_SERVER)
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(_REORDER)
        return int(cursor.rowcount)


def jump_rules(by: int) -> int:
    """Every verdict is judged again before its call starts, and nothing that a process remembers is used."""
    return Switch.objects.update(rules_epoch=F("rules_epoch") + by)


def tell_audit() -> int:
    """Record the restore in every workspace; where this home remembers entries that are gone, say so and which.

    Without that the chain could never hold again. Says in how many workspaces entries are gone.
    """
    return sum(_tell(pk) for pk in Workspace.objects.values_list("pk", flat=True))


def _tell(workspace_id: int) -> bool:
    remembered = home.remembered_head(workspace_id)
    last = AuditEntry.objects.filter(workspace=workspace_id, chain_seq__isnull=False).order_by("-chain_seq").first()
    kept = last.chain_seq or 0 if last else 0
    is_short = remembered is not None and remembered[0] > kept
    lost = {"kept": kept, "remembered": remembered[0], "hash": remembered[1].hex()} if is_short and remembered else {}
    audit.record(workspace_id, None, "database.restored", "", lost)
    if is_short:
        link = bytes(last.hash or b"") if last else BEGINNING
        transaction.on_commit(partial(home.remember_head, workspace_id, kept, link))
    return is_short
