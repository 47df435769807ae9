"""Weakened copies of the runtime's controls, put in place by tests alone, to see that the tests see it.

Nothing of the product reads this: `weakened` changes a statement or a method in memory, of the process that asks.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

from agents.runtime import commit_sql, statements
from agents.runtime.database import Statement
from agents.runtime.sweep import Sweep


@dataclass(frozen=True, slots=True)
class Change:
    """One attribute that gets another value."""

    owner: Any
    name: str
    value: Any


def said(statement: Statement, *pairs: tuple[str, str]) -> Change:
    """The statement with other words in it; both sides name values as its source does."""
    text = statement.query.decode()
    for old, new in pairs:
        assert numbered(statement, old) in text, f"the statement does not say {old!r} any more"
        text = text.replace(numbered(statement, old), numbered(statement, new))
    return Change(statement, "query", text.encode())


def numbered(statement: Statement, text: str) -> str:
    return re.sub(r"%\((\w+)\)s", lambda found: f"${statement.names.index(found[1]) + 1}", text)


def committed(part: str, *pairs: tuple[str, str]) -> list[Change]:
    """Commits with other words in this part; they are put together anew."""
    text = getattr(commit_sql, part)
    for old, new in pairs:
        assert old in text, f"the statement does not say {old!r} any more"
        text = text.replace(old, new)
    anew = cache(commit_sql.commit_statement.__wrapped__)
    return [Change(commit_sql, part, text), Change(commit_sql, "commit_statement", anew)]


def fence() -> list[Change]:
    """A worker whose claim is lost may commit, start and look all the same."""
    anybody = "%(epoch)s::int > 0 AND"
    return [
        *committed("MINE", ("epoch = %(epoch)s AND seq = %(seq)s", f"{anybody} seq = %(seq)s")),
        said(statements.START, ("run.epoch = %(epoch)s AND", anybody)),
        said(statements.REFUSAL, ("run.epoch <> %(epoch)s", "%(epoch)s::int < 0")),
        said(statements.LOOK, ("epoch = %(epoch)s AND", anybody)),
        said(statements.HEARTBEAT, ("run.epoch = beat.epoch", "true"), ("run.id, run.epoch,", "run.id, beat.epoch,")),
    ]


def intent() -> list[Change]:
    """A call that starts leaves no intent: after a crash nobody knows that it did."""
    return [said(statements.START, ("SET status = 'executing'", "SET status = 'ready'"))]


def digest() -> list[Change]:
    """Which arguments a person saw, and which a worker read, is not looked at."""
    from reviews.deciding import Deciding

    go = Deciding.go

    def blind(self: Deciding) -> Any:
        self.choice = replace(self.choice, digest=bytes(self.approval.digest))
        return go(self)

    whatever = "octet_length(%(digest)s::bytea) > 0"
    return [said(statements.START, ("call.digest = %(digest)s", whatever)), Change(Deciding, "go", blind)]


def woken() -> list[Change]:
    """A run parks although there was news since it looked."""
    forgets = [("'waiting' AND woken", "'waiting' AND false"), ("'waiting' AND NOT woken", "'waiting' AND true")]
    return committed("COMES_TO_REST", *forgets)


def sweep() -> list[Change]:
    """Nobody looks for what no doorbell rang for."""
    return [Change(Sweep, "_move_runs", lambda self: None)]


def switch() -> list[Change]:
    """A start does not look whether it was stopped, or judged by rules of yesterday."""
    careful = "AND NOT stopped\n    AND NOT %(agent)s = ANY(stopped_agents) AND NOT %(tool)s = ANY(stopped_tools)"
    blind = "AND %(agent)s::text <> '' AND %(tool)s::text <> ''"
    return [said(statements.START, (careful, blind), ("rules_epoch = %(rules_epoch)s", "%(rules_epoch)s::int >= 0"))]


def pause() -> list[Change]:
    """A start does not look whether its run was paused."""
    return [said(statements.START, ("AND run.pause_requested_at IS NULL", ""))]


def announcing() -> list[Change]:
    """Now and then an event is marked as announced, and nobody is told."""
    from reviews.webhooks import announcing

    deliveries = announcing._deliveries
    return [Change(announcing, "_deliveries", lambda taken: deliveries([one for one in taken if one.seq % 10]))]


def turns() -> list[Change]:
    """The next run of a thread begins as if nothing had been said before."""
    from agents.runtime import turns

    return [Change(turns, "history", lambda thread: [])]


def holds() -> list[Change]:
    """Calls start whatever the budget says."""
    from agents.runtime.budgets import spending
    from agents.runtime.budgets import statements as budgets

    free = Change(spending, "judged", lambda accounts: "held")
    return [said(budgets.HOLD, ("used + held < allowed", "true")), free]


def schedules() -> list[Change]:
    """A schedule moves on to its next time and starts nothing."""
    from agents import scheduling

    return [Change(scheduling, "start", lambda schedule: None)]


def timers() -> list[Change]:
    """Timers ring a little early."""
    from agents.runtime.advance import Advance

    due = Advance._due

    def ringing(self: Advance) -> list[Any]:
        now = self.claim.clock.seen + 0.2
        return [self.performing.rang(effect) for effect in self._asking("until") if effect.ask["at"] <= now]

    def a_little_early(self: Advance, segment: Any) -> float | None:
        at = due(self, segment)
        return at and at - 0.2

    return [Change(Advance, "_timers", ringing), Change(Advance, "_due", a_little_early)]


def forks() -> list[Change]:
    """Forks write as any other run does, and simulated ones call the tools themselves."""
    from agents.runtime import propose

    as_any_run = Change(propose.Proposing, "_held", lambda self, spec: propose.FOR_PEOPLE.get(spec.name, ""))
    return [as_any_run, Change(propose, "simulated_catalogue", propose.catalogue)]


def swapped() -> list[Change]:
    """A call is recorded with the result of the call before it in its worker."""
    from agents.runtime import performing

    result_of, last = performing.result_of, []

    def shifted(done: Any) -> Any:
        last.append(result_of(done))
        return last[-2] if len(last) > 1 and last[-1].kind == last[-2].kind == "succeeded" else last[-1]

    return [Change(performing, "result_of", shifted)]


def deadline() -> list[Change]:
    """The processes of tools have no timer of their own."""
    from agents.tools import child

    return [Change(child.Deadline, "_arm", lambda self, seconds: None)]


def untold() -> list[Change]:
    """Nobody is told that a run has succeeded."""
    silent = "status NOT IN ('running', 'queued')"
    return committed("TOLD", (silent, "status NOT IN ('running', 'queued', 'succeeded')"))


def overripe() -> list[Change]:
    """A call starts although its approval can still be undone."""
    from agents.runtime.standing import Standing

    early = Change(Standing, "_is_effective", lambda self, call: True)
    return [said(statements.START, ("AND coalesce(call.effective_at <= now(), true) ", "")), early]


def late() -> list[Change]:
    """What was asked in time may be decided at any time."""
    from reviews import expiry
    from reviews.deciding import Deciding

    check = Deciding._check_open

    def patient(self: Deciding) -> None:
        self.approval.on_expiry, asked = "keep_waiting", self.approval.on_expiry
        check(self)
        self.approval.on_expiry = asked

    return [Change(Deciding, "_check_open", patient), Change(expiry, "expire_if_overdue", lambda *_: None)]


def unspent() -> list[Change]:
    """What a turn has cost is not counted in any budget."""
    from agents.runtime.budgets import spending

    of_segment = spending.of_segment
    return [Change(spending, "of_segment", lambda segment: {**of_segment(segment), "cost": 0})]


CONTROLS = (fence, intent, digest, woken, sweep, switch)  # the core's; the simulation has to notice them as well
MUTANTS: dict[str, Callable[[], list[Change]]] = {
    made.__name__: made
    for made in (
        *CONTROLS,
        pause,
        announcing,
        turns,
        holds,
        schedules,
        timers,
        forks,
        swapped,
        deadline,
        untold,
        overripe,
        late,
        unspent,
    )
}


def apply(names: str) -> list[Callable[[], None]]:
    """Weaken one control in this process, or several with commas between them; what is returned puts them back."""
    changes = [change for name in names.split(",") for change in MUTANTS[name]()]
    undo = [partial(setattr, change.owner, change.name, getattr(change.owner, change.name)) for change in changes]
    for change in changes:
        setattr(change.owner, change.name, change.value)
    return undo


@contextmanager
def weakened(name: str) -> Iterator[None]:
    """Weaken one control until the block ends."""
    undo = apply(name)
    try:
        yield
    finally:
        for put_back in undo:
            put_back()
