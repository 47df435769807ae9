"""One short schedule for each control: sound, it ends well; weakened, an invariant breaks."""

from collections.abc import Callable

from tests.simulation.processes import Order, Worker
from tests.simulation.world import World

PAY = {"name": "nemesis_pay", "input": {"what": "rent", "amount": 5, "ends": "well"}}
LOST = {"name": "nemesis_pay", "input": {"what": "tax", "amount": 9, "ends": "lost"}}
PUT = {"name": "nemesis_put", "input": {"what": "name", "millis": 0}}
LOOK = {"name": "nemesis_look", "input": {"what": "sky"}}
PLAIN = {"sleep": 0, "hear": False, "split": False, "ask": False, "below": None}
BEYOND_LEASE, BEYOND_DEADLINE, TOO_LATE = 6.0, 12.0, 1.1


def fence(world: World) -> None:
    """A worker is paused beyond its lease in a model call, another takes over, and the first comes back."""
    zombie, heir = world.workers[:2]
    began(world, zombie, LOOK)
    world.clock.forward(BEYOND_LEASE)
    taken_over(world, heir)
    world.effects.thoughts.pop(0).end()
    as_far_as_it_goes(zombie)


def intent(world: World) -> None:
    """A worker is killed while its tool has acted and not answered; another takes over."""
    first, second = world.workers[:2]
    order = paying(world, first)
    order.enter()
    world.kill(first)
    world.clock.forward(BEYOND_DEADLINE)
    taken_over(world, second)


def digest(world: World) -> None:
    """Somebody approves with the digest of other arguments."""
    began(world, world.workers[0], PAY)
    answered(world, world.workers[0])
    (asked,) = world.pending()
    world.decide(asked, "approve", "ana", digest=b"\0" * 32)


def woken(world: World) -> None:
    """A person decides about one call of a turn just before the run parks after the other."""
    one = world.workers[0]
    began(world, one, PAY, PUT)
    answered(world, one)
    (order,) = world.effects.orders
    (asked,) = world.pending()
    world.decide(asked, "approve", "ana")
    order.enter()
    order.end()
    world.effects.orders.remove(order)
    as_far_as_it_goes(one)


def sweep(world: World) -> None:
    """The message that a run has started is lost."""
    world.start(PLAIN, [{"millis": 0, "calls": [PUT]}])
    world.bells.clear()


def switch(world: World) -> None:
    """Everything is stopped between an approval and the start."""
    one = world.workers[0]
    approved(world, one)
    one.take(world.bells.pop())
    until(one, "before_start")
    world.stop("workspace")
    as_far_as_it_goes(one)


def doubt(world: World) -> None:
    """A worker dies before its tool is entered; people say that it did not happen, and to do it again."""
    first, second = world.workers[:2]
    paying(world, first)
    world.kill(first)
    world.clock.forward(BEYOND_DEADLINE)
    taken_over(world, second)
    (asked,) = world.pending()
    world.answer(asked, again=True)


def late(world: World) -> None:
    """A keyed call has happened, is started again too late to be entered, and then asked about and refused."""
    first, second = world.workers[:2]
    began(world, first, PUT)
    answered(world, first)
    world.effects.orders[0].enter()
    world.kill(first)
    world.clock.forward(BEYOND_DEADLINE)
    taken_over(world, second)
    (order,) = world.effects.orders
    world.clock.forward(TOO_LATE)
    world.publish("strict")
    order.enter()
    order.end()
    world.effects.orders.remove(order)
    as_far_as_it_goes(second)
    for asked in world.pending():
        world.decide(asked, "reject" if asked.subject_kind == "tool_call" else "happened", "ana")


STORIES: dict[str, Callable[[World], None]] = {
    story.__name__: story for story in (fence, intent, digest, woken, sweep, switch, doubt, late)
}


# --- their words ---


def began(world: World, worker: Worker, *calls: dict) -> None:
    """A run whose first model call is under way."""
    world.start(PLAIN, [{"millis": 0, "calls": list(calls)}])
    worker.take(world.bells.pop())
    as_far_as_it_goes(worker)


def answered(world: World, worker: Worker) -> None:
    """The model answers, and the run waits for what comes of it."""
    world.effects.thoughts.pop(0).end()
    as_far_as_it_goes(worker)


def approved(world: World, worker: Worker) -> None:
    """An unsafe call waits, and ana approves it."""
    began(world, worker, PAY)
    answered(world, worker)
    (asked,) = world.pending()
    world.decide(asked, "approve", "ana")


def paying(world: World, worker: Worker) -> Order:
    """The call is on its way to a child."""
    approved(world, worker)
    worker.take(world.bells.pop())
    as_far_as_it_goes(worker)
    (order,) = world.effects.orders
    return order


def taken_over(world: World, heir: Worker) -> None:
    """The sweep finds the lapsed run and another worker goes on with it as far as it can."""
    world.bells.clear()
    world.sweep()
    heir.take(world.bells.pop())
    as_far_as_it_goes(heir)


def as_far_as_it_goes(worker: Worker) -> None:
    """Until it has ended, or waits for something that is not there."""
    for _ in range(400):
        if not worker.can_go_on:
            return
        worker.step()
    raise AssertionError(f"I7: {worker.name} goes round and round at {worker.at}: {worker.calls()}")


def until(worker: Worker, point: str) -> None:
    """To the next pass of this crash point."""
    while worker.at != point:
        assert worker.can_go_on, f"{worker.name} stands at {worker.at} and never came to {point}"
        worker.step()
