"""Where one can go: the entries of the rail, which the palette finds by name and G with a letter follows."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from workspaces.principal import Principal, Right


@dataclass(frozen=True, slots=True)
class Entry:
    """One page: the name of its address, what the rail says, its drawing, the letter after G, and its heading."""

    name: str
    words: str
    drawing: str
    go: str
    heading: str = ""
    right: Right = "view"


ENTRIES = [
    Entry("review", "Review", "inbox", "i"),
    Entry("runs", "Runs", "runs", "r"),
    Entry("agents", "Agents", "agent", "a"),
    Entry("tools", "Tools", "tool", "t"),
    Entry("threads", "Threads", "ask", "h"),
    Entry("schedules", "Schedules", "clock", "s"),
    Entry("policies", "Policies", "policy", "p", "Govern"),
    Entry("deliveries", "Deliveries", "send", "d", "Govern", "operate"),
    Entry("insights", "Insights", "chart", "n", "Govern"),
    Entry("audit", "Audit log", "log", "l", "Govern", "administer"),
    Entry("setup", "Setup and health", "pulse", "e", "Govern", "engineer"),
]
FIRST_STEPS = Entry("first-steps", "First steps", "spark", "f")  # until the person has seen enough of them
# The entry that is the current one on pages whose address is named differently.
SECTIONS = {
    "run": "runs",
    "agent": "agents",
    "tool": "tools",
    "thread": "threads",
    "schedule": "schedules",
    "policy": "policies",
    "delivery": "deliveries",
    "first": "first-steps",
}


def entries(principal: Principal) -> list[Entry]:
    """Those that this person may open."""
    first = [] if FIRST_STEPS.name in principal.person.dismissed else [FIRST_STEPS]
    return first + [entry for entry in ENTRIES if principal.may(entry.right)]


def grouped(principal: Principal) -> Iterable[tuple[str, list[Entry]]]:
    """The same under their headings."""
    return [(heading, list(some)) for heading, some in groupby(entries(principal), attrgetter("heading"))]


def section(url_name: str) -> str:
    """The entry that a page belongs to."""
    first = url_name.partition("-")[0]
    return SECTIONS.get(first, first)
