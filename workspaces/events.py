"""Recording events, and keeping their daily partitions."""

from uuid import UUID

from django.db import connection

from workspaces import hints

KEEP_DAYS = 14

_INSERT = "INSERT INTO workspaces_event (workspace_id, topic, kind, object, number) VALUES (%s, %s, %s, %s, %s)"


def record(workspace_id: int, topic: str, kind: str, object_id: UUID | None = None, number: int | None = None) -> None:
    """Write one event in the caller's transaction, and tell open pages once it is committed."""
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [workspace_id, topic, kind, object_id, number])
    hints.page(topic, object_id, kind, workspace_id)


def ensure_event_partitions(days_ahead: int = 3) -> None:
    """Have a partition for today and the days to come; rows that came too early move out of the default one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT countersign_ensure_event_partitions(%s)", [days_ahead])


def drop_old_event_partitions() -> int:
    """Drop what is older than 14 days and was announced in full; says how many partitions went."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT countersign_drop_event_partitions(%s)", [KEEP_DAYS])
        return int(cursor.fetchone()[0])
