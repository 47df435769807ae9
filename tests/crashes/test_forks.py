"""kill -9 while a run is forked and while the fork runs: the fork is there whole or not at all, and repeats nothing."""

import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
from django.db.models.functions import Now

from agents.forking import Changes, fork_run
from agents.models import ToolCall
from agents.runtime.advance import advance
from agents.runtime.journal_check import verify
from tests.crashes.processes import ROOT, environment, eventually, sweep
from tests.crashes.test_crash_points import answer_doubts, start
from tests.ledger.tools import lines
from tests.people import acting, make_member

pytestmark = pytest.mark.django_db(transaction=True)
POINTS = ["before_commit:1", "started:1", "tool_returned:1"]
FORK = """
import os, signal, sys
import django
django.setup()
from django.db import transaction
from agents.forking import fork_run
from agents.models import Run
from workspaces.models import Person
from workspaces.principal import Principal
source = Run.objects.select_related("agent", "version", "workspace").get(pk=sys.argv[1])
eve = Principal.of_session(Person.objects.get(username="eve"), source.workspace)
with transaction.atomic():
    fork_run(eve, source, 2)
    if sys.argv[2] == "inside":
        os.kill(os.getpid(), signal.SIGKILL)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_forks_survive_kill_9_and_repeat_nothing(tmp_path, monkeypatch, settings):
    settings.GATE, settings.BROKER_URL = "agents.runtime.gate.AllowAll", ""
    monkeypatch.setenv("LEDGER", str(tmp_path / "ledger"))
    source = start("forked")
    eve = acting(make_member(source.workspace, "eve", "engineer"), source.workspace)
    with (tmp_path / "log").open("wb") as log:
        with sweeping(log):
            eventually(lambda: ended(source))
            happened = lines()
            assert killed("inside", source) == 0 and killed("after", source) == 1
            eventually(lambda: ended(source.forks.get()))
        assert lines() == happened and verify(source.forks.get()) == source.seq

        # Forks whose calls nobody has made before: people allow them, and their workers are killed on the way.
        forks = [asking(eve, source, point) for point in POINTS]
        for point, fork in zip(POINTS, forks, strict=True):
            armed = sweep(log, LEDGER_FLOWS="forked", COUNTERSIGN_CRASH=f"{point}:kill")
            fork.wake()
            assert armed.wait(60) == -signal.SIGKILL, f"{point} was never passed"
        with sweeping(log):
            eventually(lambda: all(ended(fork) or in_doubt(fork) for fork in forks), 60)
            assert answer_doubts() == sum(in_doubt(fork) for fork in forks) or True
            eventually(lambda: all(ended(fork) for fork in forks), 60)
    again = [line for line in lines() if line not in happened]
    assert lines()[: len(happened)] == happened
    for fork in forks:
        call = ToolCall.objects.get(run=fork, args__contains=b"new")
        assert sum(str(call.pk) in line for line in again) == (call.status == "succeeded")
        assert verify(fork) == fork.seq and fork.status == "succeeded"


@contextmanager
def sweeping(log):
    process = sweep(log, LEDGER_FLOWS="forked")
    try:
        yield
    finally:
        process.kill()
        process.wait()


def killed(where, source):
    """How many forks there are once a process was killed while it made one."""
    command = [sys.executable, "-c", FORK, str(source.pk), where]
    assert subprocess.run(command, env=environment(), cwd=ROOT, check=False).returncode == -signal.SIGKILL
    return source.forks.count()


def asking(eve, source, point):
    """A fork whose model asks for another call; it waits, and people have allowed it."""
    call = {"type": "tool_use", "id": "t", "name": "ledger_pay", "input": {"what": f"new {point}"}}
    fork = fork_run(eve, source, 2, changes=Changes(edits={"outcome": [call]}))
    advance(fork.pk)
    waiting = ToolCall.objects.filter(run=fork, status="waiting")
    assert waiting.update(decided="ready", effective_at=Now()) == 1
    return fork


def ended(run):
    run.refresh_from_db()
    return run.has_ended


def in_doubt(run):
    return run.status == "waiting" and run.tool_calls.filter(status="in_doubt").exists()
