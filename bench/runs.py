"""Runs of so many rounds, started by an engineer who may, and advanced in this process."""

import time

from django.test import override_settings

import bench.story  # noqa: F401
from agents.models import Agent, Run
from agents.runtime.advance import advance
from agents.starting import start_run
from tests.people import acting, make_member, make_workspace


def engineer(lengths):
    """Somebody who starts runs, in a workspace with an agent `bench-N` for each number of rounds."""
    olga = acting(make_member(make_workspace(), "olga", "operator"))
    for rounds in lengths:
        agent(olga, f"bench-{rounds}", f"{rounds}:")
    return olga


def agent(principal, name, model):
    """An agent of the instant model; see `bench.story.Instant` for what its name says."""
    Agent.objects.create(workspace=principal.workspace, name=name).add_version(
        chain=[{"provider": "instant", "model": model}],
        tools=["bench_look", "bench_stamp"],
        max_steps=10**6,
        max_tokens=10**9,
    )


def advanced(principal, name):
    """The run of that agent, advanced to its end here, and the seconds that took."""
    with override_settings(BROKER_URL=""):
        run = start_run(principal, name, "go")
        began = time.perf_counter()
        while Run.objects.active().filter(pk=run.pk).exists():
            advance(run.pk)
        seconds = time.perf_counter() - began
    run.refresh_from_db()
    assert run.status == "succeeded", run.error
    return run, seconds
