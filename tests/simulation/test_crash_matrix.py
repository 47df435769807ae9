"""Every crash point, every way to stop there, every kind of effect; CRASH_CASES=all takes all passes of a point."""

import itertools
import os
from collections import Counter

import pytest

from agents.models import ToolCall
from agents.runtime.crash import POINTS
from tests.simulation.stories import LOOK, PAY, PLAIN, PUT
from tests.simulation.world import World

pytestmark = pytest.mark.timeout(1800)

CALLS = {"read": LOOK, "keyed": PUT, "unsafe": PAY}
WAYS = ["kill", "pause", "exception"]
ACTING = "tool acting"  # between the effect and its answer
PLACES = [*(point for point in POINTS if point != "before_doorbell"), ACTING]  # that one is the sweep's own
SHORT = [(ACTING, way, effect, 1) for way in WAYS for effect in ("keyed", "unsafe")]
SHORT += [
    ("before_commit", "pause", "unsafe", 2),
    ("started", "kill", "unsafe", 1),
    ("claimed", "exception", "read", 1),
]
ALL = list(itertools.product(PLACES, WAYS, CALLS, (1, 2, 3)))
CASES = ALL if os.environ.get("CRASH_CASES") == "all" else SHORT


def test_every_run_ends_as_it_should(grounds):
    ends: Counter[str] = Counter()
    for point, way, effect, nth in CASES:
        world = World(grounds)
        try:
            passed = stopped_at(world, point, nth, CALLS[effect], way)
            world.end()
            world.check()
        except AssertionError as error:
            raise AssertionError(f"{way} at pass {nth} of {point} with a call that is {effect}: {error}") from error
        finally:
            world.clear()
        ends[outcome(world) if passed else "never passed"] += 1
    print(f"\n{len(CASES)} cases: {dict(ends)}")
    assert len(CASES) - ends["never passed"] >= len(SHORT)


def stopped_at(world: World, point: str, nth: int, call: dict, way: str) -> bool:
    """Go on to the nth pass of the point and stop there; whether it was ever passed."""
    world.start(PLAIN, [{"millis": 0, "calls": [call]}])
    one, passes = world.workers[0], 0
    for _ in range(300):
        if one.is_idle:
            world.sweep()
            for approval in world.pending():
                world.answer(approval)
            if not world.bells:
                return False
            one.take(world.bells.pop(0))
        passes += arrived(world, one) == point
        if passes == nth:
            stop(world, one, way)
            return True
        go_on(world, one)
    return False


def arrived(world: World, one) -> str:
    """Where the worker stands; a tool that has just acted is a place of its own."""
    fresh = [order for order in world.effects.orders if order.result is None]
    if one.at == "waiting" and fresh:
        fresh[0].enter()
        return ACTING
    return one.at


def go_on(world: World, one) -> None:
    """What is under way ends, or the worker goes one point further."""
    if one.can_go_on:
        return one.step()
    if world.effects.thoughts:
        return world.effects.thoughts.pop(0).end()
    if world.effects.orders:
        return world.effects.orders.pop(0).end()
    return world.clock.forward(0.5)


def stop(world: World, one, way: str) -> None:
    """Die, raise, or stand still until others have long taken over."""
    if way == "kill":
        world.kill(one)
    elif way == "exception":
        one.will_raise = True
        one.step()
    else:
        one.is_paused = True
        for _ in range(14):
            world.round()


def outcome(world: World) -> str:
    """How the call ended, and whether people were asked what became of it."""
    call = ToolCall.objects.filter(workspace=world.house.workspace).get()
    asked = call.approvals.filter(subject_kind="in_doubt").exists()
    return f"{call.effect} {call.status}{' after a doubt' if asked else ''}"
