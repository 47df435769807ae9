"""What the processes' own database role may do; it owns nothing."""

from contextlib import contextmanager
from uuid import uuid4

import pytest
from django.db import ProgrammingError, connection, transaction
from psycopg.errors import InsufficientPrivilege

from tests.agents.tools.waiting import eventually
from tests.people import acting, make_token
from workspaces import audit, events
from workspaces.models import AuditEntry, Event
from workspaces.principal import Principal


@contextmanager
def as_app():
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE countersign_app")
        try:
            yield cursor
        finally:
            cursor.execute("RESET ROLE")


@pytest.mark.django_db(transaction=True)
def test_the_app_does_its_work(acme, olga, home):
    raw = make_token(olga, "runs:read")
    with as_app():
        assert Principal.of_token(raw)
        acme.switch.stop("workspace", "why", acting(olga))
        events.record(acme.pk, "run", "run.waiting", uuid4())
        eventually(lambda: Event.objects.after("", acme)[0])
        assert audit.chain() == AuditEntry.objects.count()
        assert audit.verify(acme.pk).is_whole
        events.ensure_event_partitions(days_ahead=4)
        events.drop_old_event_partitions()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE workspaces_auditentry SET actor = 'sam'",
        "DELETE FROM workspaces_auditentry",
        "TRUNCATE workspaces_auditentry",
        "TRUNCATE workspaces_event",
        "ALTER TABLE workspaces_auditentry DISABLE TRIGGER audit_only_grows",
        "DROP TABLE workspaces_event_default",
        "CREATE TABLE mine (id int)",
        "ALTER ROLE countersign_app BYPASSRLS",
    ],
)
def test_the_app_may_not(acme, statement):
    with as_app() as cursor, pytest.raises(ProgrammingError) as refusal, transaction.atomic():
        cursor.execute(statement)
    assert isinstance(refusal.value.__cause__, InsufficientPrivilege)


def test_tables_that_come_later_are_granted_too(acme):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE later (id bigint GENERATED ALWAYS AS IDENTITY, name text)")
    try:
        with as_app() as cursor:
            cursor.execute("INSERT INTO later (name) VALUES ('x') RETURNING id")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE later")
