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

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
POINTS = ["before_commit:1", "started:1"]
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
    assert fork_run(eve, source, 2).pk
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
        making = [sys.executable, "-c", FORK, str(source.pk)]
        killed = subprocess.run(making, env=environment(LEDGER_FLOWS="forked"), cwd=ROOT, stderr=log, check=False)
        assert killed.returncode == -signal.SIGKILL and not source.forks.exists()

        # Calls that nobody has made before: people allow them, and the workers of these forks are killed on the way.
        forks = []
        for point in POINTS:
            forks.append(asking(eve, source, point))
            with sweeping(log, COUNTERSIGN_CRASH=f"{point}:kill") as armed:
                assert armed.wait(60) == -signal.SIGKILL, f"{point} was never passed"
        again = fork_run(eve, source, 2)  # nobody rings for it
        with sweeping(log):
            eventually(lambda: all(ended(fork) or in_doubt(fork) for fork in [*forks, again]))
            answer_doubts()
            eventually(lambda: all(ended(fork) for fork in forks))
    assert lines()[: len(happened)] == happened and verify(again) == again.seq == source.seq
    for fork in forks:
        call = ToolCall.objects.get(run=fork, started_at__isnull=False)
        assert sum(str(call.pk) in line for line in lines()) == (call.status == "succeeded")
        assert verify(fork) == fork.seq and fork.status == "succeeded"
    assert len(lines()) - len(happened) <= len(POINTS)


@contextmanager
def sweeping(log, **more):
    process = sweep(log, LEDGER_FLOWS="forked", **more)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def asking(eve, source, point):
    """A fork whose model asks for another call; people have allowed it, and it waits to be taken up."""
    call = {"type": "tool_use", "id": "t", "name": "ledger_pay", "input": {"what": f"new {point}"}}
    fork = fork_run(eve, source, 2, changes=Changes(edits={"outcome": [call]}))
    advance(fork.pk)
    waiting = ToolCall.objects.filter(run=fork, status="waiting")
    assert waiting.update(decided="ready", effective_at=Now()) == 1
    fork.wake()
    return fork


def ended(run):
    run.refresh_from_db()
    return run.has_ended


def in_doubt(run):
    return run.status == "waiting" and run.tool_calls.filter(status="in_doubt").exists()
