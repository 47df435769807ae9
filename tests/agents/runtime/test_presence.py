"""Heartbeats as rows, and runs that no live process knows."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from agents.models import Presence, Run
from agents.runtime.advance import advance
from agents.runtime.claim import OWNER
from agents.runtime.flow import served
from agents.runtime.presence import Beating, Tending
from tests.agents.conftest import says
from tests.crashes.processes import eventually
from workspaces import tally
from workspaces.models import Event

pytestmark = pytest.mark.django_db(transaction=True)


def ago(**age):
    return Now() - timedelta(**age)


@pytest.fixture
def old_worker():
    """Alive for long, and it knows the flows of this code."""
    return Presence.objects.create(
        name="host:1", program="worker", host="host", served=served(), started_at=ago(hours=1)
    )


def test_a_process_beats_with_what_it_serves_and_counted_and_leaves():
    beating = Beating(Presence.Program.WORKER)
    tally.add("claims_lost")
    beating.beat()
    beating.beat()  # a moment later: nothing
    row = Presence.objects.live().get()
    assert (row.name, row.program, row.served) == (OWNER, "worker", served())
    assert row.counts["claims_lost"] >= 1
    beating.stop()
    assert not Presence.objects.exists()


def test_it_beats_by_itself_in_a_thread():
    beating = Beating(Presence.Program.WORKER, every=0.05)
    beating.start()
    first = eventually(lambda: Presence.objects.filter(name=OWNER).values_list("beat_at", flat=True).first())
    eventually(lambda: Presence.objects.get(name=OWNER).beat_at > first)
    beating.stop()
    assert not Presence.objects.exists()


def test_a_run_that_nobody_knows_is_set_aside_and_goes_on_with_who_knows_it(start, old_worker):
    known, unknown = start("known", [says("x")]), start("unknown", [says("x")], flow="of-tomorrow")
    Run.objects.update(queued_at=ago(minutes=9))
    Tending()()
    assert set(Run.objects.values_list("status", flat=True)) == {"queued"}

    Run.objects.update(queued_at=ago(minutes=11))
    Tending()()
    unknown.refresh_from_db(), known.refresh_from_db()
    assert (known.status, unknown.status) == ("queued", "unserved")
    assert unknown.error["type"] == "unserved" and "flow of-tomorrow, revision 1" in unknown.error["message"]
    assert Event.objects.filter(kind="run.unserved", object=unknown.pk).count() == 1

    Tending()()
    Presence.objects.create(name="host:2", program="worker", host="host", served=["of-tomorrow:1"])
    Tending()()
    unknown.refresh_from_db()
    assert (unknown.status, unknown.error) == ("queued", None)
    assert list(Event.objects.filter(object=unknown.pk).values_list("kind", flat=True)) == [
        "run.unserved",
        "run.queued",
    ]


def test_a_lapsed_run_that_nobody_knows_loses_its_claim(start, old_worker):
    run = start("unknown", [], flow="of-tomorrow")
    Run.objects.update(status="running", epoch=3, lease_until=ago(minutes=11))
    Tending()()
    run.refresh_from_db()
    assert (run.status, run.epoch, run.lease_until) == ("unserved", 4, None)


def test_after_an_outage_processes_get_the_time_to_come_back(start, old_worker):
    start("unknown", [], flow="of-tomorrow")
    Run.objects.update(queued_at=ago(days=1))
    Presence.objects.update(started_at=ago(minutes=1))
    Tending()()
    assert Run.objects.get().status == "queued"


def test_one_that_was_known_a_moment_ago_is_waited_for(start, old_worker):
    start("unknown", [], flow="of-tomorrow")
    Run.objects.update(queued_at=ago(hours=1))
    Presence.objects.create(
        name="host:2", program="worker", host="host", served=["of-tomorrow:1"], beat_at=ago(minutes=5)
    )
    Tending()()
    assert Run.objects.get().status == "queued"


def test_processes_that_ended_without_a_word_are_forgotten_after_a_day(old_worker):
    Presence.objects.update(beat_at=ago(hours=25))
    Tending()()
    assert not Presence.objects.exists()


def test_an_unserved_run_can_be_cancelled(start, old_worker):
    run = start("unknown", [], flow="of-tomorrow")
    Run.objects.update(queued_at=ago(hours=1))
    Tending()()
    run.cancel(reason="enough")
    advance(run.pk)
    run.refresh_from_db()
    assert run.status == "cancelled"
