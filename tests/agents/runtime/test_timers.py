"""Timers are rows: the sweep finds them, and each rings once."""

import time

import pytest

from agents.models import Run
from agents.runtime.flow import flow
from agents.runtime.sweep import Sweep
from agents.runtime.text import loads
from tests.agents.runtime.test_claims import together

pytestmark = pytest.mark.django_db(transaction=True)


@flow("naps")
async def naps(run):
    began = await run.now()
    await run.sleep(0.4)
    await run.gather(run.sleep(0.3), run.sleep(0.2))
    await run.until(began)
    return (await run.now() - began).total_seconds()


def test_two_sweeps_ring_each_timer_of_a_run_once(start, settings):
    settings.BROKER_URL = ""
    runs = [start(f"r{number}", [], flow="naps") for number in range(3)]
    sweeps = [Sweep(threads=2), Sweep(threads=2)]
    for sweep in sweeps:
        sweep.duties = [sweep._move_runs]
    deadline = time.monotonic() + 30
    while Run.objects.exclude(status="succeeded").exists() and time.monotonic() < deadline:
        together(*[sweep.once for sweep in sweeps])
        time.sleep(0.1)
    for sweep in sweeps:
        sweep.pool.shutdown()
    for run in runs:
        run.refresh_from_db()
        kinds = list(run.checkpoints.order_by("seq").values_list("kind", flat=True))
        assert kinds.count("until") == 4 and run.due is None
        assert loads(run.result) >= 0.7
