"""Flows and tools that do not come back: they are cut off, they hold up nobody else, and nothing of theirs is lost."""

import asyncio
import os
import signal
import threading
import time
import warnings
from contextlib import suppress
from typing import Any

import pytest
from pydantic import BaseModel

from agents.exceptions import CutOff
from agents.models import ToolCall
from agents.runtime import crash
from agents.runtime.advance import advance
from agents.runtime.clock import boot
from agents.runtime.copies import contained
from agents.runtime.flow import flow
from agents.runtime.journal_check import Diverged, verify
from agents.runtime.leaving import GRACE_SECONDS, leaving
from agents.runtime.threads import Threads
from agents.runtime.watchdog import watchdog
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


@flow("stubborn")
async def stubborn(run):
    """Computes without end and catches whatever comes, as long as it is where it catches."""
    while True:
        with suppress(BaseException):
            sum(range(1000))
        sum(range(1000))


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


class Kept(BaseModel):
    """What the flow below keeps."""

    b: Any = None


class Unsayable(Exception):
    """Ends whoever asks what it says."""

    def __str__(self):
        raise SystemExit(5)


@flow("spoiler", state=Kept)
async def spoiler(run):
    """Does, with what it was sent, what no flow can do."""
    await run.model()
    how = run.input
    if how == "state":
        run.state.b = object()
    if how == "endless":
        run.state.b = []
        run.state.b.append(run.state.b)
    if how == "message":
        run.messages.say({"role": "user", "content": object()})
    if how == "foreign":
        await foreign()
    if how in RAISED:
        raise RAISED[how]
    await run.call("ledger_pay", what="never")


async def foreign():
    """Awaits what is no effect, and once more on its way out."""
    try:
        await asyncio.sleep(0)
    finally:
        await asyncio.sleep(0)


RAISED = {
    "cancelled": asyncio.CancelledError(),
    "base": BaseException("b"),
    "exit": SystemExit(3),
    "generator": GeneratorExit(),
    "unsayable": Unsayable(),
}


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        ("state", "FlowError"),
        ("endless", "FlowError"),
        ("message", "FlowError"),
        ("foreign", "FlowError"),
        ("cancelled", "CancelledError"),
        ("base", "BaseException"),
        ("exit", "SystemExit"),
        ("generator", "GeneratorExit"),
        ("unsayable", "Unsayable"),
    ],
)
def test_whatever_a_flow_raises_or_keeps_its_run_fails_and_says_so(play, how, kind):
    run = play(how, [says("go")], flow="spoiler")
    assert (run.status, run.error["type"], lines()) == ("failed", kind, [])
    assert run.seq == 2  # the model's turn, which was paid for, is kept


def test_a_flow_that_catches_everything_is_cut_off_all_the_same(impatient, play):
    run = play("stubborn", [], flow="stubborn")
    assert run.status == "failed" and run.error["type"] == "flow_cut_off"


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


@pytest.mark.parametrize(("stays", "seconds", "code"), [(False, 60, 0), (True, 0.2, -signal.SIGALRM)])
def test_what_a_read_forks_goes_no_further_than_the_read(stays, seconds, code):
    with contained(seconds), warnings.catch_warnings(action="ignore"):
        copy = os.fork()
        if copy == 0 and stays:
            threading.Event().wait()
    assert os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]) == code


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
