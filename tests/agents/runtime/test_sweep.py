"""What the sweep advances itself, and whose turn it is."""

import threading
import time

import pytest

from agents.models import Agent, Run
from agents.runtime.sweep import Sweep
from agents.runtime.text import dumps
from tests.agents.conftest import STORIES, says
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_workspace_with_much_to_do_does_not_keep_another_waiting(start, settings):
    settings.BROKER_URL = ""
    let_go = threading.Event()
    noisy = [start(f"long {number}", [lambda _: let_go.wait(60) and says("done")]) for number in range(6)]
    quiet = small_run()
    sweep = Sweep(threads=2)
    try:
        advanced_until(sweep, lambda: Run.objects.get(pk=quiet.pk).status == "succeeded")
        assert not Run.objects.filter(pk__in=[run.pk for run in noisy], status="succeeded").exists()
    finally:
        let_go.set()
    advanced_until(sweep, lambda: not Run.objects.active().exists())
    for pool in (sweep.pool, sweep.spare):
        pool.shutdown()


def small_run():
    """A run of another workspace, queued after all others."""
    STORIES["small"] = [says("done")]
    workspace = Workspace.objects.found("Quiet", "quiet")
    agent = Agent.objects.create(workspace=workspace, name="clerk")
    version = agent.add_version(chain=[{"provider": "scripted", "model": "story"}], tools=[])
    flow = {"flow": version.flow, "revision": version.revision}
    return Run.objects.create(workspace=workspace, agent=agent, version=version, input=dumps("small"), **flow)


def advanced_until(sweep, condition, seconds=60):
    """Round after round, as the sweep does once a second."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not in {seconds} s: {list(Run.objects.values_list('input', 'status'))}"
        sweep._move_runs()
        time.sleep(0.05)
