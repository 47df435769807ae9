"""B2, B12, B13, B15: many runs at once through real workers, and how soon a run that is queued is at work."""

import time

import pytest

from agents.models import Checkpoint, Run
from agents.starting import start_run
from bench.runs import engineer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]
KNOWN = {"TOOL_MODULES": "bench.story", "DEMO": "0"}
RUNS, ROUNDS = 64, 25


@pytest.mark.parametrize("hints", ["on", "off"])
def test_b12_b15_records_a_second(product, show, hints):
    """The queue is filled before two workers start, so that they never lack work; `off` is without a broker."""
    olga = engineer([1, ROUNDS])
    broker = {} if hints == "on" else {"BROKER_URL": ""}
    program = "worker" if hints == "on" else "sweep"
    names = [f"{program}-{number}" for number in (1, 2)]
    for name in names:
        product.start(program, name=name, **KNOWN, **broker)
    warm_up(product, olga)
    before = Checkpoint.objects.count()
    began = time.perf_counter()
    for _ in range(RUNS):
        start_run(olga, f"bench-{ROUNDS}", "go")
    product.wait_until(lambda: not Run.objects.active().exists(), 300)
    seconds = time.perf_counter() - began
    records = Checkpoint.objects.count() - before
    show(
        "B12_records",
        "records/s",
        [records / seconds],
        processes=2,
        runs=RUNS,
        doorbell=hints,
        seconds=round(seconds, 1),
    )


def test_b2_a_round_through_celery(product, show):
    olga = engineer([1, 200])
    product.start("worker", **KNOWN)
    warm_up(product, olga)
    taken = []
    for _ in range(5):
        run = start_run(olga, "bench-200", "go")
        ended = product.wait_until(
            lambda run=run: Run.objects.filter(pk=run.pk, finished_at__isnull=False).first(), 120
        )
        taken.append(1000 * (ended.finished_at - ended.created_at).total_seconds() / 200)
        assert ended.epoch <= 2  # hops: one, and one for each time slice
    show("B2_round_through_celery", "ms", taken, rounds=200)


@pytest.mark.parametrize("doorbell", ["celery", "sweep"])
def test_b13_from_commit_to_work(product, show, doorbell):
    olga = engineer([1])
    if doorbell == "celery":
        product.start("worker", **KNOWN)
    else:
        product.start("sweep", **KNOWN, BROKER_URL="")
    warm_up(product, olga)
    taken = []
    for _ in range(60 if doorbell == "celery" else 8):
        run = start_run(olga, "bench-1", "go")
        begun = product.wait_until(lambda run=run: finished(run), 60)
        taken.append(1000 * (begun.started_at - begun.created_at).total_seconds())
    show("B13_commit_to_started", "ms", taken, doorbell=doorbell)


def finished(run):
    """The run, once it has ended."""
    return Run.objects.filter(pk=run.pk, finished_at__isnull=False).first()


def warm_up(product, olga):
    """Runs until every process has imported what it needs."""
    for _ in range(8):
        start_run(olga, "bench-1", "go")
    product.wait_until(lambda: not Run.objects.active().exists(), 60)
