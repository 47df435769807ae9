from datetime import timedelta

from django.contrib.sessions.models import Session
from django.utils.timezone import now

from tests.workspaces.test_events import name_of, partitions
from workspaces.models import IdempotentRequest
from workspaces.upkeep import CHORES, Upkeep


def test_once_an_hour_the_tables_are_kept(acme):
    IdempotentRequest.objects.create(workspace=acme, principal="person:1", key="k", request="POST /x", body_digest=b"")
    IdempotentRequest.objects.update(created_at=now() - timedelta(days=8))
    upkeep = Upkeep(*CHORES)
    upkeep()
    assert name_of(now() + timedelta(days=3)) in partitions()
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
