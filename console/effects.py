"""What the calls of a run left in the world, what is held, and what was only simulated or read from the record."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from agents.models import CallStatus, Effect, Run
from agents.runtime.version import catalogue
from agents.tools.question import QUESTION
from console.standing import STOOD_IN, WITH_PEOPLE
from workspaces.models import Switch

ALWAYS = {"reads done", "writes done"}  # also where there are none
TONES = {
    "reads done": "teaf",
    "writes held for people": "warnf",
    "writes held by the stop": "warnf",
    "writes done": "okf",
    "reads simulated": "accf",
    "writes simulated": "accf",
    "reads from the record": "accf",
    "writes from the record": "accf",
    "rejected": "badf",
    "denied": "badf",
    "answered instead": "warnf",
    "expired": "warnf",
}
REFUSED = {CallStatus.DENIED: "denied", CallStatus.REJECTED: "rejected"}


@dataclass(frozen=True, slots=True)
class Tally:
    """So many of a kind."""

    count: int
    words: str
    tone: str


@dataclass(frozen=True, slots=True)
class Alike:
    """Calls of one tool that stand alike."""

    tool: str
    status: str
    is_read: bool
    stood_in: str
    count: int
    entered: int


@dataclass(frozen=True, slots=True)
class Effects:
    """All of them; `calls` is how many calls there are."""

    calls: int
    tallies: list[Tally]


def of_run(run: Run, switch: Switch) -> Effects:
    """What the run's own calls came to; those that it shares with the run it was forked from are that one's."""
    alike = list(grouped(run, catalogue(run.workspace_id, switch.rules_epoch)))
    counted: Counter[str] = Counter()
    for group in alike:
        for words, count in kinds(group, is_stopped=getattr(run, "is_stopped", False)):
            counted[words] += count
    shown = [Tally(counted[words], words, tone) for words, tone in TONES.items() if counted[words] or words in ALWAYS]
    return Effects(sum(group.count for group in alike), [singular(tally) for tally in shown])


def grouped(run: Run, tools: Mapping[str, Any]) -> Iterator[Alike]:
    """The calls by tool and standing; a simulated run knows its writes as reads, so what the tool does is asked."""
    columns = ("tool", "status", "effect", "verdict__stand_in__kind")
    found = run.tool_calls.order_by().values_list(*columns)
    for tool, status, effect, kind, count, entered in found.annotate(Count("id"), Count("started_at")):
        known = tools[tool].effect if run.fork_mode and tool in tools else effect
        is_read = effect == known == Effect.READ
        yield Alike(tool, status, is_read, STOOD_IN.get(kind or "", ""), count, entered)


def kinds(group: Alike, *, is_stopped: bool) -> Iterator[tuple[str, int]]:
    """What these calls count as."""
    thing = "reads" if group.is_read else "writes"
    if group.stood_in:
        yield f"{thing} {group.stood_in.lower()}", group.count
    elif group.status == CallStatus.SUCCEEDED:
        yield f"{thing} done", group.count if group.is_read else group.entered
    elif not group.is_read and group.status in WITH_PEOPLE:
        yield "writes held for people", group.count
    elif not group.is_read and group.status == CallStatus.READY and is_stopped:
        yield "writes held by the stop", group.count
    yield from refusals(group)


def refusals(group: Alike) -> Iterator[tuple[str, int]]:
    """What people, rules or the clock kept from being done."""
    if group.status in REFUSED:
        yield REFUSED[CallStatus(group.status)], group.count
    elif group.status == CallStatus.EXPIRED:
        yield "expired", group.count
    elif group.status == CallStatus.ANSWERED and group.tool != QUESTION.name:
        yield "answered instead", group.count


def singular(tally: Tally) -> Tally:
    """1 write done."""
    if tally.count != 1:
        return tally
    return Tally(1, tally.words.replace("reads", "read", 1).replace("writes", "write", 1), tally.tone)
