"""Benchmarks are stories on real processes that print figures, one JSON object a line (`docs/performance.md`)."""

import json
import os
import statistics
import sys
import time

import pytest
from django.db import connection

from tests.conftest import django_db_setup, plain_static_files, product  # noqa: F401  # fixtures
from tests.journeys.conftest import browser, come, office  # noqa: F401  # fixtures

COMMITS = 60


@pytest.fixture
def show(transactional_db, pytestconfig):
    """Print one figure from its samples, with the cost of a one-row commit beside it."""
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")

    def show(figure, unit, samples, **params):
        samples = sorted(samples)
        line = {
            "suite": "countersign",
            "figure": figure,
            "unit": unit,
            "median": round(statistics.median(samples), 3),
            "min": round(samples[0], 3),
            "max": round(samples[-1], 3),
            "n": len(samples),
            "p95": round(samples[min(len(samples) - 1, int(len(samples) * 0.95))], 3),
            "p99": round(samples[min(len(samples) - 1, int(len(samples) * 0.99))], 3),
            "params": params,
            "commit_us": round(commit_us()),
            "load1": os.getloadavg()[0],
        }
        with capture.global_and_fixture_disabled():
            sys.stdout.write(f"\n{json.dumps(line)}\n")

    return show


def commit_us():
    """The median of one-row commits on this database, in microseconds."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_commit (n int)")
        taken = []
        for number in range(COMMITS):
            began = time.perf_counter()
            cursor.execute("INSERT INTO bench_commit VALUES (%s)", [number])
            taken.append((time.perf_counter() - began) * 1e6)
        cursor.execute("DROP TABLE bench_commit")
    return statistics.median(taken)
