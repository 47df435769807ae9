"""Rules that Hypothesis combines: anything may happen at any point of any worker, in any order."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.simulation.processes import Worker
from tests.simulation.stories import LOOK, LOST, PAY, PLAIN, PUT
from tests.simulation.world import WORKERS, Grounds, World

TURNS = [[PAY], [PUT], [PAY, PUT, LOOK], [LOOK], [LOST], [PAY, PAY]]
PLANS = [PLAIN, PLAIN, PLAIN | {"sleep": 1}, PLAIN | {"hear": True}, PLAIN | {"split": True}, PLAIN | {"ask": True}]

which = st.integers(0, 7)
worker = st.integers(0, WORKERS - 1)


class Machine(RuleBasedStateMachine):
    """Three workers, a sweep, two approvers, a clock; `grounds` are set by the test."""

    grounds: Grounds

    @initialize(plan=st.sampled_from(PLANS), turns=st.lists(st.sampled_from(TURNS), min_size=1, max_size=2))
    def begin(self, plan, turns):
        self.world = World(self.grounds)
        self.start(plan, turns)

    @precondition(lambda self: len(self.world.runs) < 2)
    @rule(plan=st.sampled_from(PLANS), turns=st.lists(st.sampled_from(TURNS), min_size=1, max_size=2))
    def start(self, plan, turns):
        self.world.start(plan, [{"millis": 0, "calls": calls} for calls in turns])

    # --- messages ---

    @precondition(lambda self: self.world.bells and any(one.is_idle for one in self.world.workers))
    @rule(bell=which, at=worker, again=st.sampled_from([False, False, False, True]))
    def deliver(self, bell, at, again):
        bells, idle = self.world.bells, [one for one in self.world.workers if one.is_idle and not one.is_paused]
        if idle:
            place = bell % len(bells)
            idle[at % len(idle)].take(bells[place] if again else bells.pop(place))

    @precondition(lambda self: self.world.bells)
    @rule(bell=which)
    def lose_a_message(self, bell):
        self.world.bells.pop(bell % len(self.world.bells))

    @rule()
    def cut_or_mend_the_broker(self):
        self.world.bells.is_cut = not self.world.bells.is_cut

    # --- workers ---

    @rule(at=worker, points=st.integers(1, 25))
    def go_on(self, at, points):
        one = self.world.workers[at]
        for _ in range(points):
            if not one.can_go_on:
                return
            one.step()

    @rule(at=worker)
    def go_on_until_it_waits(self, at):
        self.go_on(at, 200)

    @precondition(lambda self: any(not one.is_idle for one in self.world.workers))
    @rule(at=worker)
    def pause_beyond_the_lease(self, at):
        one = self.world.workers[at]
        if not one.is_idle and not one.is_paused:
            one.is_paused = True
            self.world.clock.forward(5.5)

    @rule(at=worker)
    def let_a_paused_one_go_on(self, at):
        self.world.workers[at].is_paused = False

    @precondition(lambda self: any(not one.is_idle for one in self.world.workers))
    @rule(at=worker)
    def kill(self, at):
        if not self.world.workers[at].is_idle:
            self.world.kill(self.world.workers[at])

    @rule(at=worker)
    def beat(self, at):
        one: Worker = self.world.workers[at]
        if one.held and not one.is_paused:
            self.grounds.beats.beat(one)

    # --- effects ---

    @precondition(lambda self: self.world.effects.thoughts)
    @rule(at=which)
    def end_a_model_call_or_read(self, at):
        thoughts = [one for one in self.world.effects.thoughts if not one.worker.is_paused]
        if thoughts:
            thought = thoughts[at % len(thoughts)]
            self.world.effects.thoughts.remove(thought)
            thought.end()

    @precondition(lambda self: self.world.effects.orders)
    @rule(at=which)
    def enter_a_tool(self, at):
        waiting = [order for order in self.world.effects.orders if order.result is None]
        if waiting:
            waiting[at % len(waiting)].enter()

    @precondition(lambda self: any(order.result for order in self.world.effects.orders))
    @rule(at=which)
    def end_a_tool(self, at):
        entered = [order for order in self.world.effects.orders if order.result]
        order = entered[at % len(entered)]
        self.world.effects.orders.remove(order)
        order.end()

    # --- people, time and the sweep ---

    @rule(at=which, who=st.sampled_from(["ana", "ben"]), kind=st.sampled_from(["answer", "answer", "edit", "reject"]))
    def decide(self, at, who, kind):
        waiting = self.world.pending()
        if not waiting:
            return
        approval = waiting[at % len(waiting)]
        if kind == "answer":
            self.world.answer(approval, who, again=at % 2 == 1)
        elif approval.subject_kind == "tool_call":
            self.world.decide(approval, kind, who)

    @rule(at=which)
    def approve_what_was_not_shown(self, at):
        waiting = self.world.pending()
        if waiting and waiting[at % len(waiting)].subject_kind == "tool_call":
            self.world.decide(waiting[at % len(waiting)], "approve", "ana", digest=b"\0" * 32)

    @rule(at=which)
    def undo(self, at):
        self.world.undo(at)

    @rule(at=which, really=st.sampled_from([False, False, True]))
    def cancel(self, at, really):
        if really:
            self.world.cancel(self.world.runs[at % len(self.world.runs)])

    @rule(scope=st.sampled_from(["workspace", "tool:nemesis_pay"]), on=st.booleans())
    def throw_the_switch(self, scope, on):
        (self.world.stop if on else self.world.resume)(scope)

    @rule(name=st.sampled_from(["one seat", "two seats", "strict", "undo"]))
    def publish(self, name):
        self.world.publish(name)

    @rule(at=which)
    def say(self, at):
        self.world.say(self.world.runs[at % len(self.world.runs)])

    @rule(seconds=st.sampled_from([0.3, 1.0, 2.6, 6.0]))
    def time_passes(self, seconds):
        self.world.clock.forward(seconds)

    @rule()
    def sweep(self):
        self.world.sweep()

    @invariant()
    def holds(self):
        if hasattr(self, "world"):
            self.world.check()

    def teardown(self):
        if hasattr(self, "world"):
            try:
                self.world.end()
            finally:
                self.world.clear()
