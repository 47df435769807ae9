"""A person sets a run aside: nothing new starts, what is in flight is recorded, what comes meanwhile is kept."""

import threading
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from agents.exceptions import IllegalMove
from agents.models import Run
from agents.reading import messages_at
from agents.runtime.advance import _go, advance
from agents.runtime.claim import Claim
from agents.runtime.flow import flow
from agents.stopping import calls_of
from tests.agents.conftest import STORIES, asks, says
from tests.agents.runtime.test_edges import PAST, crashed, sweep
from tests.factories import make_call
from tests.ledger.tools import lines
from tests.people import acting, make_member
from workspaces.models import AuditEntry, Event

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def olga(workspace):
    return acting(make_member(workspace, "olga", "operator"))


def kinds(run):
    return list(Event.objects.filter(object=run.pk).order_by("seq").values_list("kind", flat=True))


def test_what_comes_during_a_pause_is_taken_up_on_resume(start, olga):
    run = start("hello", [says("hi"), says("bye")], flow="chat")
    run.say("hello")
    advance(run.pk)
    run.pause(by=olga, reason="lunch")
    run.say("more")
    sweep(run)
    assert run.status == "paused" and run.pause_reason == "lunch" and run.inbox.filter(taken_seq=None).count() == 1
    run.resume(by=olga)
    sweep(run)
    assert [m["content"] for m in messages_at(run) if m["role"] == "user"] == ["hello", "more"]
    assert kinds(run) == ["run.waiting", "run.paused", "run.resumed", "run.waiting"]
    said = AuditEntry.objects.filter(object=str(run.pk)).order_by("pk").values_list("kind", "actor")
    assert list(said) == [("run.pause", "olga"), ("run.resumption", "olga")]


def test_a_decision_and_a_timer_wait_for_the_resumption(start, olga):
    run = start("r", [asks(("question", {"text": "Really?"})), says("ok")])
    advance(run.pk)
    run.pause(by=olga)
    run.tool_calls.update(status="answered", outcome='{"status":"answered","value":"yes"}')
    run.wake()
    Run.objects.filter(pk=run.pk).update(due=PAST)
    sweep(run)
    assert run.status == "paused" and run.seq == 2
    run.resume(by=olga)
    sweep(run)
    assert run.status == "succeeded"


def test_calls_in_flight_below_a_paused_child_are_named(start):
    top = start("r", [says("ok")])
    middle, bottom = (start("r", [says("ok")]) for _ in range(2))
    Run.objects.filter(pk=middle.pk).update(parent=top, root=top, depth=1)
    Run.objects.filter(pk=bottom.pk).update(parent=middle, root=top, depth=2)
    call = make_call(bottom, "ledger_pay", {"what": "a"}, status="executing")
    for run in (top, middle, bottom):
        run.refresh_from_db()
        assert [found["id"] for found in calls_of(run)] == [call.pk]


def test_calls_in_flight_are_named_and_recorded_and_nothing_new_starts(start, olga):
    run = start(
        "r", [asks(("ledger_pay", {"what": "a", "seconds": 0.8})), asks(("ledger_pay", {"what": "b"})), says("ok")]
    )
    worker = threading.Thread(target=advance, args=[run.pk])
    worker.start()
    deadline = threading.Event()
    while not lines() and not deadline.wait(0.02):
        continue
    run.pause(by=olga)
    in_flight = calls_of(run)
    worker.join()
    run.refresh_from_db()
    assert [call["tool"] for call in in_flight] == ["ledger_pay"]
    assert (run.status, run.seq, run.lease_until) == ("paused", 3, None) and len(lines()) == 1
    sweep(run)
    assert len(lines()) == 1 and calls_of(run) == []
    run.resume(by=olga)
    sweep(run)
    assert run.status == "succeeded" and len(lines()) == 2


def test_a_start_after_the_pause_is_refused(start, olga):
    """The pause comes when the worker is about to write the intent: the row says no."""
    run = start("r", [])
    STORIES["r"] = [lambda request: (run.pause(by=olga), asks(("ledger_pay", {"what": "a"})))[1], says("ok")]
    advance(run.pk)
    run.refresh_from_db()
    assert run.status == "paused" and not lines()
    run.resume(by=olga)
    sweep(run)
    assert run.status == "succeeded" and len(lines()) == 1


def test_a_paused_run_whose_worker_stopped_asks_people_what_happened(start, olga):
    run = start("k", [asks(("ledger_pay", {"what": "b"})), says("x")])
    crashed(run)
    run.pause(by=olga)
    sweep(run)
    assert run.status == "paused" and run.tool_calls.get().status == "in_doubt"
    call = run.tool_calls.get()
    call.resolve("did_not_happen", by=None, digest=bytes(call.digest), result=None, reason="looked")
    run.resume(by=olga)
    sweep(run)
    assert run.status == "succeeded"


def test_a_resumption_before_the_worker_has_come_to_rest_keeps_it_going(start, olga):
    run = start("r", [])
    turns = [lambda request: (run.pause(by=olga), run.resume(by=olga), asks(("ledger_pay", {"what": "a"})))[2]]
    STORIES["r"] = [*turns, says("ok")]
    advance(run.pk)
    run.refresh_from_db()
    assert run.status == "succeeded" and len(lines()) == 1


def test_pausing_and_resuming_where_it_makes_no_sense_says_so(play, start, olga):
    ended = play("r", [says("done")])
    with pytest.raises(IllegalMove, match="already succeeded and cannot be paused"):
        ended.pause(by=olga)
    with pytest.raises(IllegalMove, match="already succeeded and cannot be resumed"):
        ended.resume(by=olga)
    run = start("x", [says("done")])
    run.pause(by=olga)
    run.pause(by=olga)
    run.resume(by=olga)
    with pytest.raises(IllegalMove, match="queued and cannot be resumed"):
        run.resume(by=olga)
    run.cancel(by=olga)
    with pytest.raises(IllegalMove, match="being cancelled"):
        run.pause(by=olga)


def test_a_paused_run_can_be_cancelled(start, olga):
    run = start("r", [asks(("question", {"text": "Really?"})), says("ok")])
    advance(run.pk)
    run.pause(by=olga)
    run.cancel(by=olga, reason="never mind")
    sweep(run)
    assert run.status == "cancelled" and run.pause_requested_at is None


def test_a_run_that_diverged_is_tried_again_once_its_code_is_mended(start, olga):
    run = start("mended", [asks(("question", {"text": "b"})), says("x")])
    advance(run.pk)
    step = run.checkpoints.get(seq=2)
    run.checkpoints.filter(seq=2).update(request=b"x" * 32)
    run.tool_calls.update(status="answered", outcome='{"status":"answered","value":"yes"}')
    run.wake()
    sweep(run)
    assert run.status == "diverged" and run.error["recorded"] and run.error["asked"]
    run.checkpoints.filter(seq=2).update(request=step.request)
    run.resume(by=olga)
    sweep(run)
    assert (run.status, run.error) == ("succeeded", None)
    with pytest.raises(IllegalMove, match="succeeded"):
        run.resume(by=olga)


def test_a_poisoned_run_gets_three_more_claims(start, olga):
    run = start("again", [says("x")])
    Run.objects.filter(pk=run.pk).update(status="running", lapses=2, lease_until=PAST)
    sweep(run, rounds=1)
    assert run.status == "poisoned"
    run.resume(by=olga)
    sweep(run)
    assert (run.status, run.lapses) == ("succeeded", 0)


def test_a_pause_does_not_count_towards_the_limit_of_time(start, olga, agent):
    agent.add_version(chain=agent.active_version.chain, tools=["question"], max_seconds=100)
    run = start("r", [asks(("question", {"text": "Really?"})), says("ok")])
    advance(run.pk)
    run.pause(by=olga)
    Run.objects.filter(pk=run.pk).update(
        created_at=Now() - timedelta(seconds=250), pause_requested_at=Now() - timedelta(seconds=200)
    )
    run.resume(by=olga)
    sweep(run)
    assert run.status == "waiting" and 199 < run.paused_seconds < 260
    Run.objects.filter(pk=run.pk).update(created_at=Now() - timedelta(seconds=450))
    run.wake()
    sweep(run)
    assert (run.status, run.ended_by) == ("succeeded", "max_seconds")


@flow("two-askers")
async def two_askers(run):
    return await run.gather(run.child("asker"), run.child("asker"))


@flow("asker")
async def asker(run):
    return await run.question("Well?")


def test_resuming_a_run_leaves_alone_what_was_paused_by_itself(start, olga):
    run = start("r", [], flow="two-askers")
    advance(run.pk)
    own, other = run.children.order_by("id")
    for child in (own, other):
        advance(child.pk)

    def paused():
        return [Run.objects.get(pk=one.pk).status == "paused" for one in (run, own, other)]

    own.pause(by=olga)
    run.pause(by=olga)
    assert paused() == [True, True, True]
    run.resume(by=olga)
    assert paused() == [False, True, False]
    own.resume(by=olga)
    assert paused() == [False, False, False]

    run.pause(by=olga)
    own.pause(by=olga)  # now for itself as well
    other.resume(by=olga)
    assert paused() == [True, True, False]
    run.resume(by=olga)
    assert paused() == [False, True, False]


def test_an_approval_that_the_databases_clock_has_not_reached_is_waited_for(start):
    run = start("r", [asks(("ledger_pay", {"what": "b"})), says("done")], fork_mode="live")
    advance(run.pk)
    run.tool_calls.update(decided="ready", effective_at=Now() + timedelta(hours=1))
    run.wake()
    claim = Claim.take(run.pk)
    claim.clock.set(claim.clock.now() + 7200)  # as where the database's clock went back after the claim
    _go(claim)
    sweep(run)
    assert run.status == "waiting" and run.due == run.tool_calls.get().effective_at and lines() == []
