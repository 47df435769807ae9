"""B1: a run advanced in this process, model and tool instant, texts of 1 KB, at growing lengths."""

import time

import pytest
from django.test import override_settings

import bench.story  # noqa: F401
from agents.models import Agent, Run
from agents.runtime.advance import advance
from agents.starting import start_run
from tests.people import acting, make_member, make_workspace

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]
SAMPLES = {10: 20, 50: 8, 200: 4, 500: 3, 5000: 1}


@pytest.fixture
def olga():
    workspace = make_workspace()
    olga = acting(make_member(workspace, "olga", "operator"))
    for rounds in SAMPLES:
        agent = Agent.objects.create(workspace=workspace, name=f"bench-{rounds}")
        chain = [{"provider": "instant", "model": f"{rounds}:"}]
        agent.add_version(chain=chain, tools=["bench_look"], max_steps=10**6, max_tokens=10**9)
    return olga


@pytest.mark.parametrize("rounds", SAMPLES)
def test_b1_rounds(olga, show, rounds):
    advanced(olga, 10)
    taken = [advanced(olga, rounds) / rounds for _ in range(SAMPLES[rounds])]
    show("B1_round", "ms", [1000 * seconds for seconds in taken], rounds=rounds)


def advanced(olga, rounds):
    """Seconds that a run of so many rounds takes from its start to its end."""
    with override_settings(BROKER_URL=""):
        run = start_run(olga, f"bench-{rounds}", "go")
        began = time.perf_counter()
        while Run.objects.active().filter(pk=run.pk).exists():
            advance(run.pk)
        seconds = time.perf_counter() - began
    run.refresh_from_db()
    assert (run.status, run.seq) == ("succeeded", 2 * rounds + 2)
    return seconds
