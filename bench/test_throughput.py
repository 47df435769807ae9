"""B2, B12, B13, B15: many runs at once through real workers, and how soon a run that is queued is at work."""

import asyncio
import threading
import time
from contextlib import contextmanager

import pytest

from agents.models import Checkpoint, Run
from agents.starting import start_run
from bench.console import Listener, Visitor
from bench.runs import engineer
from tests.people import make_member

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]
KNOWN = {"TOOL_MODULES": "bench.story", "DEMO": "0"}
RUNS, ROUNDS = 64, 25
PAGES, OF_ONE = 50, 10  # a person has so many open


@pytest.mark.parametrize("doorbell", ["on", "off"])
def test_b12_records_a_second(product, show, doorbell):
    """`off` is without a broker."""
    broker = {} if doorbell == "on" else {"BROKER_URL": ""}
    olga = engineer([1, ROUNDS])
    taken = records_a_second(product, olga, "worker" if doorbell == "on" else "sweep", **KNOWN, **broker)
    show("B12_records", "records/s", [taken], processes=2, runs=RUNS, doorbell=doorbell)


@pytest.mark.parametrize("pages", [PAGES, 0])
def test_b15_with_open_pages(product, show, pages):
    """The same with pages that hear of everything, and without a word to any page."""
    olga = engineer([1, ROUNDS])
    people = [make_member(olga.workspace, f"p{number}", "viewer") for number in range(pages // OF_ONE)]
    product.start("web", DEMO="0")
    product.wait_until(lambda: Visitor(product.url, olga.person).gets("/runs"), 60)
    silent = {} if pages else {"TOOL_MODULES": "bench.story,bench.unheard"}
    with listening(product, people) as listeners:
        taken = records_a_second(product, olga, "worker", **KNOWN | silent)
    heard = sum(len(one.heard) for one in listeners)
    assert bool(heard) is bool(pages)
    show("B15_records", "records/s", [taken], processes=2, runs=RUNS, pages=pages, heard=heard)


def records_a_second(product, olga, program, **environment):
    """The queue is filled before the two processes can work it off, so that they never lack work."""
    for number in (1, 2):
        product.start(program, name=f"{program}-{number}", **environment)
    warm_up(product, olga)
    before = Checkpoint.objects.count()
    began = time.perf_counter()
    for _ in range(RUNS):
        start_run(olga, f"bench-{ROUNDS}", "go")
    product.wait_until(lambda: not Run.objects.active().exists(), 300)
    return (Checkpoint.objects.count() - before) / (time.perf_counter() - began)


@contextmanager
def listening(product, people):
    """Open pages of these people, so many of each, which hear of every run until the end."""
    listeners = [Listener(Visitor(product.url, person)) for person in people for _ in range(OF_ONE)]
    ready, over = set(), threading.Event()
    thread = threading.Thread(target=asyncio.run, args=[stay(listeners, ready, over)])
    thread.start()
    product.wait_until(lambda: len(ready) == len(listeners), 60)
    yield listeners
    over.set()
    thread.join()


async def stay(listeners, ready, over):
    tasks = [asyncio.create_task(one.stay(ready)) for one in listeners]
    await asyncio.to_thread(over.wait)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


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
