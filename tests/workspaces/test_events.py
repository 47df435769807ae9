import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, connections, transaction
from django.utils.timezone import now

from tests.agents.tools.waiting import eventually
from tests.people import all_at_once, make_workspace
from workspaces import events
from workspaces.exceptions import Unprocessable
from workspaces.models import Event

pytestmark = pytest.mark.django_db(transaction=True)


def read_all(workspace, cursor="", limit=7):
    """Everything that can be read now, in pages."""
    found = []
    while True:
        page, cursor = Event.objects.after(cursor, workspace, limit)
        found += page
        if not page:
            return found, cursor


def read_when_there(workspace, count, cursor=""):
    """Waits until `count` can be read, for another transaction on the server may be open; then there are no more."""
    eventually(lambda: len(read_all(workspace, cursor)[0]) >= count)
    return read_all(workspace, cursor)


def partitions():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'workspaces_event'::regclass"
        )
        return {name for (name,) in cursor.fetchall()}


def name_of(day):
    return f"workspaces_event_{day:%Y%m%d}"


def insert(workspace, created_at, announced_at=None, kind="run.waiting"):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO workspaces_event (workspace_id, topic, kind, object, created_at, announced_at)"
            " VALUES (%s, 'run', %s, %s, %s, %s)",
            [workspace.pk, kind, uuid4(), created_at, announced_at],
        )


def test_an_event_says_what_changed(acme):
    run = uuid4()
    events.record(acme.pk, "run", "run.waiting", run, 7)
    event = Event.objects.get(workspace=acme)
    assert (event.topic, event.kind, event.object, event.number) == ("run", "run.waiting", run, 7)
    assert event.announced_at is None and abs(event.created_at - now()) < timedelta(minutes=1)


def test_an_event_of_a_change_that_was_undone_never_happened(acme):
    with transaction.atomic():
        events.record(acme.pk, "run", "run.failed", uuid4())
        transaction.set_rollback(True)
    assert not Event.objects.filter(workspace=acme).exists()


def test_the_plain_insert_of_the_engine_works(acme):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO workspaces_event (workspace_id, topic, kind, object, number)"
            " VALUES (%s, 'run', 'run.queued', gen_random_uuid(), 3)",
            [acme.pk],
        )
    assert [event.number for event in read_when_there(acme, 1)[0]] == [3]


def test_a_reader_goes_on_where_it_stopped(acme):
    for number in range(20):
        events.record(acme.pk, "run", "run.waiting", uuid4(), number)
    found, cursor = read_when_there(acme, 20)
    assert [event.number for event in found] == list(range(20))
    assert Event.objects.after(cursor, acme) == ([], cursor)
    events.record(acme.pk, "run", "run.waiting", uuid4(), 20)
    assert [event.number for event in read_when_there(acme, 1, cursor)[0]] == [20]


def test_a_reader_sees_one_workspace_only(acme):
    other = make_workspace("Other")
    events.record(other.pk, "run", "run.waiting", uuid4())
    read_when_there(other, 1)
    assert read_all(acme)[0] == []


def test_what_commits_late_is_not_passed_over(acme):
    """A slow transaction takes its number first and commits last."""
    with ThreadPoolExecutor(1) as slow:
        with transaction.atomic():
            events.record(acme.pk, "run", "run.waiting", uuid4(), 1)
            slow.submit(record_and_close, acme, 2).result()
            seen_outside = slow.submit(read_and_close, acme).result()
        assert seen_outside == []
    assert [event.number for event in read_when_there(acme, 2)[0]] == [1, 2]


def record_and_close(workspace, number):
    events.record(workspace.pk, "run", "run.waiting", uuid4(), number)
    connections.close_all()


def read_and_close(workspace):
    numbers = [event.number for event in read_all(workspace)[0]]
    connections.close_all()
    return numbers


def test_many_writers_and_one_reader_lose_and_double_nothing(acme):
    def write(writer):
        for number in range(25):
            with transaction.atomic():
                events.record(acme.pk, "run", "run.waiting", uuid4(), writer * 25 + number)
        connections.close_all()

    seen, cursor = [], ""
    with ThreadPoolExecutor(4) as threads:
        writers = [threads.submit(write, writer) for writer in range(4)]
        while not all(writer.done() for writer in writers):
            page, cursor = read_all(acme, cursor)
            seen += page
    seen += read_when_there(acme, 100 - len(seen), cursor)[0]
    assert sorted(event.number for event in seen) == list(range(100))


def test_a_page_that_opens_now_starts_behind_what_has_happened(acme):
    events.record(acme.pk, "run", "run.waiting", uuid4(), 1)
    head = Event.objects.head()
    events.record(acme.pk, "run", "run.waiting", uuid4(), 2)
    assert [event.number for event in read_when_there(acme, 1, head)[0]][-1:] == [2]


@pytest.mark.parametrize("cursor", ["x", "1.2", "MS4", "LTEuMg", "é", "a" * 500, "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAuMQ"])
def test_a_cursor_that_is_not_ours_is_refused(acme, cursor):
    with pytest.raises(Unprocessable):
        Event.objects.after(cursor, acme)


def test_there_is_a_partition_for_every_day_to_come(acme):
    events.ensure_event_partitions(days_ahead=5)
    events.ensure_event_partitions(days_ahead=5)
    assert {name_of(now() + timedelta(days=days)) for days in range(6)} <= partitions()


def test_an_event_on_a_day_without_partition_is_kept_and_moved_when_the_day_gets_one(acme):
    late = now() + timedelta(days=9)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {name_of(late)}")
    insert(acme, late)
    assert count_in("workspaces_event_default") == 1
    events.ensure_event_partitions(days_ahead=9)
    assert (count_in("workspaces_event_default"), count_in(name_of(late))) == (0, 1)
    assert [event.kind for event in read_when_there(acme, 1)[0]] == ["run.waiting"]


def test_making_partitions_gives_way_to_whoever_reads(acme):
    far = now() + timedelta(days=12)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {name_of(far)}")
    with transaction.atomic():
        list(Event.objects.all())
        [refusal] = all_at_once(1, lambda: events.ensure_event_partitions(days_ahead=12))
    assert "lock timeout" in str(refusal)
    events.ensure_event_partitions(days_ahead=12)
    assert name_of(far) in partitions()


def test_old_days_go_once_everything_of_them_was_announced(acme):
    told, untold, recent = now() - timedelta(days=20), now() - timedelta(days=21), now() - timedelta(days=13)
    for day in (told, untold, recent):
        make_partition(day)
        insert(acme, day, announced_at=None if day is untold else now())
    assert events.drop_old_event_partitions() == 1
    assert name_of(told) not in partitions()
    assert {name_of(untold), name_of(recent)} <= partitions()
    Event.objects.update(announced_at=now())
    assert events.drop_old_event_partitions() == 1


def test_announced_strays_of_old_days_go_too(acme):
    insert(acme, now() - timedelta(days=30), announced_at=now())
    insert(acme, now() - timedelta(days=31))
    events.drop_old_event_partitions()
    assert Event.objects.count() == count_in("workspaces_event_default") == 1


def test_rows_to_announce_are_taken_by_one_process_each(acme):
    for number in range(3):
        events.record(acme.pk, "run", "run.waiting", uuid4(), number)
    with transaction.atomic():
        waiting = Event.objects.filter(announced_at=None).order_by("xid", "seq").select_for_update(skip_locked=True)
        taken = list(waiting[:2])
        assert Event.objects.filter(pk__in=[event.pk for event in taken]).update(announced_at=now()) == 2
    assert [event.number for event in Event.objects.filter(announced_at=None)] == [2]


def count_in(table):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cursor.fetchone()[0]


def make_partition(day):
    begin = day.date()
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE IF NOT EXISTS {name_of(day)} PARTITION OF workspaces_event"
            f" FOR VALUES FROM ('{begin} 00:00+00') TO ('{begin + timedelta(days=1)} 00:00+00')"
        )


def test_pages_are_told_after_the_commit(acme, hints_channel):
    run = uuid4()
    with transaction.atomic():
        events.record(acme.pk, "run", "run.waiting", run)
        assert hints_channel(run) is None
    assert json.loads(hints_channel(run)) == {"w": acme.pk, "t": "run", "id": str(run), "k": "run.waiting"}
