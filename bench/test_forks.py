"""B9: forking in the middle of a run; rows that are copied."""

import time

import pytest

from agents.forking import fork_run
from agents.models import Checkpoint, Run
from bench.runs import advanced, engineer
from tests.people import acting, make_member

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]
LENGTHS = [10, 200]
FORKS = 20


def test_b9_a_fork_in_the_middle(show):
    olga = engineer(LENGTHS)
    eve = acting(make_member(olga.workspace, "eve", "engineer"), olga.workspace)
    for rounds in LENGTHS:
        run, _ = advanced(olga, f"bench-{rounds}")
        source = Run.objects.select_related("agent", "version").get(pk=run.pk)
        rows, taken = Checkpoint.objects.count(), []
        for _ in range(FORKS):
            began = time.perf_counter()
            fork_run(eve, source, source.seq // 2)
            taken.append(1000 * (time.perf_counter() - began))
        show("B9_fork", "ms", taken, rounds=rounds)
        show("B9_rows_copied", "rows", [Checkpoint.objects.count() - rows], rounds=rounds, forks=FORKS)
