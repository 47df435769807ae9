"""B3, B4: what a run leaves in the database and in its log, at growing lengths."""

import pytest
from django.db import connection

from bench.runs import advanced, engineer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]
TABLES = ("agents_%", "tracing_%", "workspaces_event%", "workspaces_auditentry%", "reviews_%")


@pytest.mark.parametrize("rounds", [500, 5000])
def test_b3_b4_bytes_a_round(show, rounds):
    olga = engineer({10, rounds})
    advanced(olga, "bench-10")
    settle()
    stored, written = stored_bytes(), wal()
    advanced(olga, f"bench-{rounds}")
    written = wal() - written
    settle()
    show("B3_stored", "KB/round", [(stored_bytes() - stored) / 1024 / rounds], rounds=rounds)
    show("B4_wal", "KB/round", [written / 1024 / rounds], rounds=rounds)


def stored_bytes():
    """Bytes of all tables of ours, their indexes and their large values."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relname LIKE ANY(%s)",
            [list(TABLES)],
        )
        return int(cursor.fetchone()[0])


def wal():
    """Bytes of write-ahead log since the server began."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")
        return int(cursor.fetchone()[0])


def settle():
    """Give back what updates left behind, so that growth is growth."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
        cursor.execute("CHECKPOINT")
