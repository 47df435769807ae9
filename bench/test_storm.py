"""B21, B22: 1,500 waiting runs released in one instant; and what one busy workspace does to another."""

import threading
import time

import psycopg
import pytest
from django.conf import settings as product_settings
from django.db import connection

from agents.models import Run
from agents.starting import start_run
from bench.runs import agent
from config.embedded.services import APP
from reviews.models import ApprovalRequest, PolicySet
from tests.people import acting, make_member, make_workspace

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]
KNOWN = {"TOOL_MODULES": "bench.story", "DEMO": "0"}
STORM = 1500
PROCESSES = ["worker", "worker", "sweep"]
UNDO = {"name": "stamp", "tool": "bench_stamp", "effect": "ask", "undo_seconds": 1800}
# Nobody decides 1,500 times in a second on two cores. The decisions are made before, with time to undo them, and that
# time is over for all of them at once.
RELEASE = """
  WITH calls AS (UPDATE agents_toolcall SET effective_at = now() WHERE effective_at > now() RETURNING 1),
  approvals AS (UPDATE reviews_approvalrequest SET effective_at = now() WHERE effective_at > now() RETURNING 1)
  UPDATE agents_run SET due = now() WHERE status = 'waiting' AND due > now()"""
HELD = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND datname = %s"


class Watching(threading.Thread):
    """Counts the connections that the product's processes hold, twenty times a second."""

    def __init__(self):
        super().__init__(daemon=True)
        self.counts, self.stopping = [], threading.Event()
        known = connection.settings_dict
        self.name_of_database = known["NAME"]
        self.connection = psycopg.connect(host=known["HOST"], user=known["USER"], dbname="postgres", autocommit=True)

    def run(self):
        with self.connection:
            while not self.stopping.wait(0.05):
                self.counts += self.connection.execute(HELD, [APP, self.name_of_database]).fetchone()


def test_b21_storm(product, show, tmp_path):
    """All of them finish, and no process asks for more connections than it may."""
    stamps = tmp_path / "stamps"
    start(product, BENCH_STAMPS=str(stamps))
    show("B21_decisions", "decisions/s", [STORM / all_decided(product)], threads=1)
    watching = Watching()
    watching.start()
    released = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(RELEASE)
        assert cursor.rowcount == STORM
    product.wait_until(lambda: not Run.objects.active().exists(), 600)
    seconds = time.perf_counter() - released
    watching.stopping.set()
    assert Run.objects.filter(status="succeeded").count() == len(stamps.read_text().splitlines()) == STORM
    show("B21_storm_finished", "s", [seconds], runs=STORM, succeeded=STORM, processes=len(PROCESSES))
    most = len(PROCESSES) * product_settings.DATABASES["default"]["OPTIONS"]["pool"]["max_size"]
    show("B21_connections", "connections", watching.counts, limit=most)
    assert max(watching.counts) <= most


def all_decided(product):
    """So many runs wait, each for one call, and ana approves each: the seconds that her decisions took."""
    workspace = make_workspace()
    olga = acting(make_member(workspace, "olga", "operator"))
    ana = acting(make_member(workspace, "ana", "approver"))
    PolicySet.objects.create(workspace=workspace, name="Policy").publish([UNDO], None)
    agent(olga, "storm", "0:bench_stamp")
    for _ in range(STORM):
        start_run(olga, "storm", "go")
    product.wait_until(lambda: ApprovalRequest.objects.pending().count() == STORM, 600)
    began = time.perf_counter()
    for approval in ApprovalRequest.objects.pending():
        approval.decide("approve", by=ana, digest=bytes(approval.digest))
    return time.perf_counter() - began


def test_b22_noisy_neighbour(product, show):
    """How long a small run of a quiet workspace takes, alone and beside one that has 300 long runs under way."""
    quiet = acting(make_member(make_workspace("Quiet"), "ana", "operator"))
    noisy = acting(make_member(make_workspace("Noisy"), "ben", "operator"))
    agent(quiet, "small", "1:")
    agent(noisy, "long", "1000:")
    start(product)
    took(product, quiet, 8)
    alone = took(product, quiet, 60)
    for _ in range(300):
        start_run(noisy, "long", "go")
    product.wait_until(lambda: Run.objects.filter(workspace=noisy.workspace, status="running").count() > 20, 120)
    beside = took(product, quiet, 60)
    left = Run.objects.active().filter(workspace=noisy.workspace).count()
    assert left, "the noise was over too early to tell"
    show("B22_quiet_run_alone", "ms", alone, p95=round(p95(alone), 1))
    show("B22_quiet_run_beside_300", "ms", beside, p95=round(p95(beside), 1), noisy_runs_left=left)
    show("B22_times_slower_at_p95", "times", [p95(beside) / p95(alone)])


def start(product, **environment):
    for number, program in enumerate(PROCESSES):
        product.start(program, name=f"{program}-{number}", **KNOWN, **environment)


def took(product, principal, times):
    """Milliseconds from the commit of each run to its end, one run after the other."""
    found = []
    for _ in range(times):
        run = start_run(principal, "small", "go")
        ended = product.wait_until(lambda run=run: Run.objects.filter(pk=run.pk, status="succeeded").first(), 120)
        found.append(1000 * (ended.finished_at - ended.created_at).total_seconds())
    return found


def p95(samples):
    return sorted(samples)[int(len(samples) * 0.95)]
