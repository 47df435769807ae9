"""Flows and tools that do not come back: they are cut off, they hold up nobody else, and nothing of theirs is lost."""

import threading
import time

import pytest

from agents.models import ToolCall
from agents.runtime import crash
from agents.runtime.advance import advance
from agents.runtime.clock import boot
from agents.runtime.flow import flow
from agents.runtime.journal_check import Diverged, verify
from agents.runtime.leaving import GRACE_SECONDS, leaving
from agents.runtime.threads import Threads
from agents.runtime.watchdog import CutOff, watchdog
from tests.agents.conftest import asks, says
from tests.ledger.tools import lines

pytestmark = pytest.mark.django_db(transaction=True)


@flow("spinner")
async def spinner(run):
    """Pays, and then computes without end; a broad except does not save it."""
    await run.model()
    await run.call("ledger_pay", what="once")
    while True:
        try:
            sum(range(1000))
        except Exception:  # noqa: BLE001
            continue


@flow("chatterbox")
async def chatterbox(run):
    """Leaves notes without end."""
    while True:
        await run.note("again")


@pytest.fixture
def impatient(settings):
    settings.FLOW_SECONDS = 0.3


def test_a_flow_that_computes_without_end_is_cut_off_and_keeps_what_happened(impatient, start):
    run = start("spin", [says("go")], flow="spinner")
    advance(run.pk)
    run.refresh_from_db()
    assert run.status == "failed" and run.error["type"] == "flow_cut_off" and "0.3 s" in run.error["message"]
    call = run.tool_calls.get()
    assert call.status == "succeeded" and call.seq == run.seq == 3 and len(lines()) == 1
    with pytest.raises(Diverged, match="without end"):
        verify(run)


def test_a_flow_that_computes_without_end_from_its_start_fails(impatient, start):
    @flow("stuck")
    async def stuck(run):
        while True:
            sum(range(1000))

    run = start("stuck", [], flow="stuck")
    advance(run.pk)
    run.refresh_from_db()
    assert run.status == "failed" and run.error["type"] == "flow_cut_off" and run.seq == 0


def test_a_flow_that_loops_over_local_effects_fails(play):
    run = play("notes", [], flow="chatterbox")
    assert run.status == "failed" and "without any other effect" in run.error["message"]


def test_the_watchdog_never_throws_outside_its_block(settings):
    settings.FLOW_SECONDS = 0.25
    cut = 0
    for seconds in [0.2, 0.249, 0.25, 0.26, 0.3, 0.5, 0.75] * 2:
        try:
            with watchdog.limit():
                compute(seconds)
        except CutOff:
            cut += 1
        sum(sum(range(100)) for _ in range(10_000))  # where a late throw would arrive
    assert cut >= 4


def compute(seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        sum(range(100))


def test_reads_that_hang_take_no_place_of_others():
    pool, hold = Threads("test"), threading.Event()
    hung = [pool.submit(hold.wait) for _ in range(80)]
    assert pool.submit(lambda: "served").result(timeout=10) == "served"
    hold.set()
    assert all(future.result(timeout=10) for future in hung)


def test_what_a_fenced_worker_has_in_hand_is_appended_as_a_report(start):
    run = start("fenced", [asks(("ledger_pay", {"what": "b"})), says("x")])
    crash._armed = crash._Armed("before_commit:3:raise")
    try:
        with pytest.raises(crash.Crashed):
            advance(run.pk)
    finally:
        crash._armed = None
    call = ToolCall.objects.get(run=run)
    assert call.status == "executing" and call.report["kind"] == "succeeded" and "paid b" in call.report["value"]


def test_a_run_is_handed_back_when_its_process_is_to_end(start, monkeypatch):
    monkeypatch.setattr(leaving, "_since", None)
    run = start("leave", [lambda request: leaving.ask() or asks(("ledger_pay", {"what": "b"})), says("x")])
    advance(run.pk)
    run.refresh_from_db()
    assert (run.status, run.lease_until, lines()) == ("queued", None, [])
    monkeypatch.setattr(leaving, "_since", None)
    advance(run.pk)
    run.refresh_from_db()
    assert run.status == "succeeded" and len(lines()) == 1


def test_a_model_call_that_outlasts_the_grace_of_a_stop_is_given_up(start, monkeypatch):
    monkeypatch.setattr(leaving, "_since", None)
    held, answered = threading.Event(), threading.Event()
    run = start("grace", [lambda request: held.set() or (answered.wait(60) and says("late")), says("x")])
    worker = threading.Thread(target=advance, args=[run.pk])
    worker.start()
    assert held.wait(20)
    leaving._since = boot() - GRACE_SECONDS - 1
    worker.join(20)
    assert not worker.is_alive()
    run.refresh_from_db()
    assert (run.status, run.lease_until, run.seq) == ("queued", None, 1)
    answered.set()
