"""B10, B11: workers released at once on one approved call; a worker that dies in the middle of a step."""

import threading
import time

import pytest
from django.db import connections

from agents.models import Run, ToolCall
from agents.runtime.claim import Claim
from agents.starting import start_run
from bench.runs import engineer
from bench.test_throughput import warm_up
from workspaces.models import Switch

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]
CREW = {"worker-1": "worker", "worker-2": "worker", "sweep-1": "sweep"}
LONG = 5000  # rounds: a run must not be over before its worker is killed
KNOWN = {"TOOL_MODULES": "bench.story", "DEMO": "0"}


def test_b10_one_call_many_workers(show, settings):
    """All of them try to claim the run and to start its call at the same moment; exactly one may."""
    settings.BROKER_URL = ""
    olga = engineer([1])
    times, started, epoch = 1000, [], Switch.objects.get().rules_epoch
    for number in range(times):
        run = start_run(olga, "bench-1", "go")
        call = ToolCall.objects.create(
            workspace=olga.workspace, run=run, position="9", tool="bench_stamp", title="", effect="unsafe",
            reaches="inside", status="ready", args=b"{}", digest=b"x" * 32, rules_epoch=epoch,
        )  # fmt: skip
        started.append(sum(released(run, call, 2 + number % 7)))
    assert len(started) == times
    show("B10_started_more_than_once", "runs", [sum(one > 1 for one in started)], workers="2..8", times=times)
    show("B10_started_never", "runs", [sum(one == 0 for one in started)], workers="2..8", times=times)


def released(run, call, workers):
    """How often the call's start was written, for each worker."""
    barrier, written = threading.Barrier(workers), []

    def work():
        try:
            barrier.wait()
            claim = Claim.take(run.pk)
            if claim:
                found = next(one for one in claim.news(fresh=True).calls if one.id == call.pk)
                written.append(claim.start(found, timeout=5) is not None)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return written


@pytest.mark.parametrize("broker", ["on", "off"])
def test_b11_kill_9_in_the_middle_of_a_step(product, show, broker):
    """From the kill to the next commit of the run by another process, which only its lease keeps waiting."""
    olga = engineer([1, LONG])
    crew = CREW if broker == "on" else dict.fromkeys(CREW, "sweep")
    more = KNOWN if broker == "on" else KNOWN | {"BROKER_URL": ""}
    for name, program in crew.items():
        product.start(program, name=name, **more)
    warm_up(product, olga)
    taken = []
    for _ in range(20):
        run = start_run(olga, f"bench-{LONG}", "go")
        name = product.wait_until(lambda run=run: holder(product, run), 60)
        product.kill(name)
        began, seq = time.perf_counter(), Run.objects.get(pk=run.pk).seq
        product.wait_until(lambda run=run, seq=seq: Run.objects.get(pk=run.pk).seq > seq, 60)
        taken.append(time.perf_counter() - began)
        product.start(crew[name], name=name, **more)
        run.cancel(reason="It has gone on.")
        product.wait_until(lambda: not Run.objects.active().exists(), 120)
    show("B11_goes_on_after_kill", "s", taken, broker=broker, p95=round(sorted(taken)[int(len(taken) * 0.95) - 1], 2))


def holder(product, run):
    """The name of the process that advances the run, once it is past its first steps."""
    owner = Run.objects.filter(pk=run.pk, status="running", seq__gt=5).values_list("owner", flat=True).first() or ""
    return next((name for name, one in product.children.items() if owner.endswith(f":{one.popen.pid}")), None)
