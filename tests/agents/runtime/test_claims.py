"""Several workers at one run: one of them does it; news that comes between look and park is not lost."""

import os
import threading
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.utils.timezone import now

from agents.exceptions import LostClaim
from agents.models import Run, ToolCall
from agents.runtime import crash, database, statements
from agents.runtime.advance import advance
from agents.runtime.claim import MARGIN_SECONDS, Claim
from agents.runtime.commit import Segment
from agents.runtime.drive import Row
from agents.runtime.effects import Outcome
from tests.agents.conftest import asks, says
from tests.ledger.tools import lines
from workspaces.models import Switch

pytestmark = pytest.mark.django_db(transaction=True)
TAKE_BACK = """
CREATE SEQUENCE writes;
CREATE FUNCTION take_back() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  IF nextval('writes') % 2 = 1 THEN RAISE EXCEPTION 'taken back' USING ERRCODE = 'ERROR_CODE'; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER take_back BEFORE UPDATE ON agents_run FOR EACH ROW EXECUTE FUNCTION take_back();
"""
ROUNDS = int(os.environ.get("RACE_ROUNDS", "10"))


def together(*actions):
    """Run all at once, each in a thread of its own; what one raises is raised here."""
    barrier, errors = threading.Barrier(len(actions)), []

    def run(action):
        barrier.wait()
        try:
            with database.released_after():
                action()
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=run, args=[action]) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_many_workers_released_on_one_run_do_it_once(start):
    for number in range(ROUNDS):
        run = start(f"r{number}", [asks(("ledger_pay", {"what": str(number)})), says("done")])
        together(*[lambda run=run: advance(run.pk)] * 5)
        run.refresh_from_db()
        assert (run.status, run.epoch) == ("succeeded", 1)
    assert len(lines()) == ROUNDS


@pytest.fixture(params=["40P01", "40001"])
def taken_back(request, transactional_db):
    """Every other change of a run is taken back by the server, as it does to end a deadlock."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE_BACK.replace("ERROR_CODE", request.param))
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION take_back CASCADE; DROP SEQUENCE writes")


def test_what_the_server_takes_back_is_done_again_at_once_and_happens_once(start, taken_back):
    run = start("r", [asks(("ledger_pay", {"what": "x"}), ("question", {"text": "Well?"})), says("done")])
    advance(run.pk)
    run.refresh_from_db()
    assert (run.status, run.epoch, run.lapses) == ("waiting", 1, 0)
    assert len(lines()) == 1


def test_a_wake_between_look_and_park_keeps_the_claim(play):
    run = play("r", [asks(("question", {"text": "Really?"})), says("ok")])
    run.wake()
    claim = Claim.take(run.pk)
    claim.news(fresh=True)
    ToolCall.objects.filter(run=run).update(status="answered", outcome='{"status":"answered","value":"yes"}')
    run.wake()
    claim.commit(Segment(rows=[], to="waiting"))
    assert claim.status == "running" and claim.woken
    claim.commit(Segment(rows=[], to="waiting"))
    assert claim.status == "waiting"


def test_a_wake_and_a_park_at_once_lose_nothing(start):
    for number in range(ROUNDS):
        run = start(f"w{number}", [says("hi"), says("again")], flow="chat")
        run.say(f"w{number}")
        together(lambda run=run: advance(run.pk), lambda run=run: run.say("more"))
        advance(run.pk)
        run.refresh_from_db()
        assert run.status == "waiting" and not run.inbox.filter(taken_seq=None).exists()


def test_a_fenced_worker_changes_nothing(start):
    run = start("r", [says("done")])
    first = Claim.take(run.pk)
    Run.objects.filter(pk=run.pk).update(lease_until="2020-01-01T00:00Z")
    second = Claim.take(run.pk)
    assert second.epoch == first.epoch + 1
    row = Row("0", "start", b"x", Outcome("null"), seq=1)
    with pytest.raises(LostClaim):
        first.commit(Segment(rows=[row], to="running"))
    run.refresh_from_db()
    assert run.seq == 0 and run.lapses == 1


def test_a_call_that_may_still_be_under_way_elsewhere_is_not_asked_about_yet(start, monkeypatch):
    run = start("late", [asks(("ledger_pay", {"what": "b"})), says("x")])
    monkeypatch.setattr(crash, "_armed", crash._Armed("started:1:raise"))
    with pytest.raises(crash.Crashed):
        advance(run.pk)
    deadline = now() + timedelta(seconds=60)
    ToolCall.objects.update(deadline_at=deadline)
    Run.objects.update(lease_until="2020-01-01T00:00Z")
    advance(run.pk)
    run.refresh_from_db()
    assert (run.status, run.tool_calls.get().status) == ("waiting", "executing")
    assert run.due == deadline + timedelta(seconds=MARGIN_SECONDS)

    ToolCall.objects.update(deadline_at="2020-01-01T00:00Z")
    Run.objects.update(due="2020-01-01T00:00Z")
    advance(run.pk)
    assert run.tool_calls.get().status == "in_doubt"


def test_takeovers_before_a_commit_are_forgotten(start):
    run = start("late", [says("done")])
    Run.objects.filter(pk=run.pk).update(status="running", lapses=1, lease_until="2020-01-01T00:00Z")
    advance(run.pk)
    run.refresh_from_db()
    assert (run.status, run.epoch, run.lapses) == ("succeeded", 1, 0)


def test_a_run_whose_workers_stop_three_times_is_set_aside(start):
    run = start("r", [says("done")])
    for _ in range(3):
        assert Claim.take(run.pk)
        Run.objects.filter(pk=run.pk).update(lease_until="2020-01-01T00:00Z")
    assert Claim.take(run.pk) is None
    assert database.rows(statements.POISON, max_lapses=2)
    run.refresh_from_db()
    assert run.status == "poisoned" and "Three workers" in run.error["message"]
    run.cancel(reason="poisoned")
    advance(run.pk)
    run.refresh_from_db()
    assert run.status == "cancelled"


def test_a_stop_that_is_acknowledged_starts_nothing_more(start, agent):

    def stop(seen):
        Switch.objects.filter(pk=agent.workspace_id).update(stopped=True)
        seen.extend(lines())

    for number in range(ROUNDS):
        Switch.objects.filter(pk=agent.workspace_id).update(stopped=False)
        run = start(f"s{number}", [asks(("ledger_pay", {"what": str(number)})), says("done")])
        seen = []
        together(lambda run=run: advance(run.pk), partial(stop, seen))
        run.refresh_from_db()
        late = [line for line in lines() if line not in seen]
        executing = ToolCall.objects.filter(run=run, tool="ledger_pay", attempt__gt=0).count()
        assert len(late) <= executing  # what is written after the stop had started before it
        if run.status != "succeeded":
            assert run.status in ("queued", "waiting")
            assert Claim.take(run.pk) is None
        Switch.objects.filter(pk=agent.workspace_id).update(stopped=False)
        Run.objects.filter(pk=run.pk, status="waiting").update(due="2020-01-01T00:00Z")
        advance(run.pk)
        run.refresh_from_db()
        assert run.status == "succeeded"
        assert len([line for line in lines() if line.endswith(f" {number}")]) == 1
