"""B6, B7, B8: looking at long runs and at many runs."""

import random
import time

import pytest
from django.db import connection

from agents.models import Run
from agents.reading import timeline
from agents.runtime import flow, version
from agents.runtime.drive import Drive
from agents.runtime.journal import load_rows
from bench.runs import advanced, engineer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]
LENGTHS = [10, 200, 500]
RUNS = 100_000
COPY_RUNS = """
INSERT INTO agents_run (workspace_id, agent_id, version_id, flow, revision, input, title, labels, status, started_by_id)
SELECT workspace_id, agent_id, version_id, flow, revision, input, 'Ticket ' || n, labels, 'cancelled', started_by_id
FROM agents_run CROSS JOIN generate_series(1, %s) AS n WHERE agents_run.id = %s
"""


@pytest.fixture
def olga():
    return engineer(LENGTHS)


def test_b6_b7_b8_a_long_run(olga, show):
    for rounds in LENGTHS:
        run, _ = advanced(olga, f"bench-{rounds}")
        show("B6_load_and_redrive", "ms", timed(lambda run=run: redriven(run)), rounds=rounds)
        middle = run.seq // 2
        show("B7_page_of_20", "ms", timed(lambda run=run, at=middle: timeline(run, after=at, limit=20)), rounds=rounds)
    show("B8_all_headers", "ms", timed(lambda: headers(run)), rounds=LENGTHS[-1])


def test_b8_the_first_page_of_many_runs(olga, show):
    run, _ = advanced(olga, "bench-10")
    with connection.cursor() as cursor:
        cursor.execute(COPY_RUNS, [RUNS, run.pk])
        cursor.execute("ANALYZE agents_run")
    newest = Run.objects.in_workspace(olga.workspace).select_related("agent").order_by("-pk")
    show("B8_first_50_runs", "ms", timed(lambda: list(newest[:50])), runs=RUNS)


def redriven(run):
    """What a claim does before it can go on."""
    spec = flow.get(run.flow, run.revision)
    handle = version.flow_run(spec, run_id=str(run.pk), input=run.input, version=version.load(run.version_id))
    Drive(spec, handle, now=time.time, random=random.random).redrive(load_rows(run.pk))


def headers(run):
    return list(run.checkpoints.order_by("seq").values_list("seq", "position", "kind", "started_at", "finished_at"))


def timed(work, times=20):
    """Milliseconds of each of so many times, after three that warm up."""
    for _ in range(3):
        work()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - began))
    return taken
