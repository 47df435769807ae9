"""How a test that really commits leaves the tables: empty, in a tenth of the time that TRUNCATE takes for all."""

from django.db import connections
from django.test import TransactionTestCase

KEPT = ("django_migrations", "django_content_type", "auth_permission")  # of the code, not of a test
LARGE = 8 * 2**20  # bytes with what was deleted earlier: from there on files are cut, too

# Waits for whoever still writes, as TRUNCATE does. A replica fires no triggers: neither foreign keys nor our guards.
EMPTY = f"""
    DO $$
    DECLARE
        every_table regclass[] := ARRAY(
            SELECT oid FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname NOT IN {KEPT}
        );
        used_table regclass;
    BEGIN
        EXECUTE 'LOCK TABLE ' || array_to_string(every_table, ', ');
        IF (SELECT sum(pg_table_size(oid)) FROM unnest(every_table) AS oid) > {LARGE} THEN
            EXECUTE 'TRUNCATE ' || array_to_string(every_table, ', ');
            RETURN;
        END IF;
        SET LOCAL session_replication_role = replica;
        FOR used_table IN SELECT oid FROM unnest(every_table) AS oid WHERE pg_relation_size(oid) > 0 LOOP
            EXECUTE 'DELETE FROM ' || used_table;
        END LOOP;
    END $$
"""


def empty_what_was_written(test: TransactionTestCase) -> None:
    """Instead of Django's own: that truncates every table, and writes all content types and permissions anew."""
    for name in test._databases_names(include_mirrors=False):  # type: ignore[attr-defined]
        with connections[name].cursor() as cursor:
            cursor.execute(EMPTY)
