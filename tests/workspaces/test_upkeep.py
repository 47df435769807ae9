from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import DatabaseError, connection, transaction
from django.utils.timezone import now

from tests.people import all_at_once
from tests.workspaces.test_events import insert, make_partition, name_of, partitions
from workspaces import events
from workspaces.models import Event, IdempotentRequest
from workspaces.upkeep import CHORES, Upkeep


def test_once_an_hour_the_tables_are_kept(acme):
    IdempotentRequest.objects.create(workspace=acme, principal="person:1", key="k", request="POST /x", body_digest=b"")
    IdempotentRequest.objects.update(created_at=now() - timedelta(days=8))
    old = now() - timedelta(days=16)
    make_partition(old)
    insert(acme, old, announced_at=now())
    upkeep = Upkeep(*CHORES)
    upkeep()
    assert name_of(now() + timedelta(days=3)) in partitions()
    assert name_of(old) not in partitions()
    assert not IdempotentRequest.objects.exists()


def test_in_between_the_duty_asks_nothing(acme, django_assert_num_queries):
    upkeep = Upkeep(*CHORES)
    upkeep()
    with django_assert_num_queries(0):
        upkeep()


def test_sessions_that_are_over_are_forgotten(acme):
    Session.objects.create(session_key="over", expire_date=now() - timedelta(minutes=1))
    Session.objects.create(session_key="open", expire_date=now() + timedelta(minutes=1))
    Upkeep(*CHORES)()
    assert [session.session_key for session in Session.objects.all()] == ["open"]


def test_a_chore_that_fails_is_tried_again_after_a_while_and_not_at_once():
    tried = []

    def fails():
        tried.append(1)
        raise DatabaseError

    upkeep = Upkeep(fails)
    with pytest.raises(DatabaseError):
        upkeep()
    upkeep()
    assert tried == [1]


@pytest.mark.django_db(transaction=True)
def test_dropping_a_day_gives_way_to_a_long_reader_and_hardly_holds_up_a_writer(acme):
    old = now() - timedelta(days=16)
    make_partition(old)
    insert(acme, old, announced_at=now())
    with transaction.atomic():
        list(Event.objects.all())  # as a dump does, for hours
        [refusal] = all_at_once(1, events.drop_old_event_partitions)
    with connection.cursor() as cursor:
        cursor.execute("SELECT proconfig FROM pg_proc WHERE proname = 'countersign_drop_event_partitions'")
        assert "lock_timeout=100ms" in cursor.fetchone()[0]
    assert "lock timeout" in str(refusal)
    assert events.drop_old_event_partitions() == 1
