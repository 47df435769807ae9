"""B1: a run advanced in this process, model and tool instant, texts of 1 KB, at growing lengths."""

import pytest

from bench.runs import advanced, engineer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]
SAMPLES = {10: 20, 50: 8, 200: 4, 500: 3, 5000: 1}


@pytest.mark.parametrize("rounds", SAMPLES)
def test_b1_rounds(show, rounds):
    olga = engineer({10, rounds})
    advanced(olga, "bench-10")
    taken = [1000 * advanced(olga, f"bench-{rounds}")[1] / rounds for _ in range(SAMPLES[rounds])]
    show("B1_round", "ms", taken, rounds=rounds)
