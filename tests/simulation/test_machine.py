"""Random schedules over the real runtime, statement by statement. SIMULATION=nightly looks for hours."""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.nemesis.mutants import CONTROLS, weakened
from tests.simulation.machine import Machine
from tests.simulation.stories import STORIES
from tests.simulation.world import Grounds, World

pytestmark = pytest.mark.timeout(4 * 3600)

EXPECTED = {"fence": "I9", "intent": "I2", "digest": "I5", "woken": "I7", "sweep": "I7", "switch": "I19|I6"}
PROFILES = {
    "suite": settings(max_examples=8, stateful_step_count=40, derandomize=True),
    "long": settings(max_examples=400, stateful_step_count=50),
    "nightly": settings(max_examples=20_000, stateful_step_count=50),
}
COMMON = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}


def profile(name: str, **more):
    return settings(PROFILES[name], **COMMON, **more)


def searched(grounds: Grounds, chosen) -> None:
    """Let Hypothesis combine the rules on these grounds."""
    run_state_machine_as_test(type("Chosen", (Machine,), {"grounds": grounds}), settings=chosen)


def test_nothing_breaks_whatever_the_order(grounds):
    searched(grounds, profile(os.environ.get("SIMULATION", "suite"), phases=[Phase.generate, Phase.shrink]))


@pytest.mark.parametrize("mutant", [None, *[made.__name__ for made in CONTROLS]])
def test_each_control_is_needed(grounds, mutant):
    """All stories hold as the runtime is; with one control weakened, at least its own story does not."""
    if mutant is None:
        for story in STORIES.values():
            told(grounds, story)
        return
    with weakened(mutant), pytest.raises(AssertionError, match=EXPECTED[mutant]) as noticed:
        told(grounds, STORIES[mutant])
    print(f"\n{mutant}: {str(noticed.value).splitlines()[0]}")


def told(grounds: Grounds, story) -> None:
    """One story, and then everything unhindered to its end."""
    world = World(grounds)
    try:
        story(world)
        world.check()
        world.end()
    finally:
        world.clear()
