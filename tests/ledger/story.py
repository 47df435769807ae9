"""A story that every process of a test knows: read, keyed and unsafe at once, then the unsafe one alone."""

import os
import re

from agents.flows.react import react
from agents.gateway.scripted import script
from agents.runtime.flow import flow
from tests.ledger import tools  # noqa: F401

SECONDS = float(os.environ.get("LEDGER_SECONDS", "0.2"))

for name in filter(None, os.environ.get("LEDGER_FLOWS", "").split(",")):
    flow(name)(react)


@script("ledger")
def ledger(request):
    """Three calls in one turn, one in the next, then the end."""
    return [
        [use("ledger_look", "a"), use("ledger_put", "b"), use("ledger_pay", "c", seconds=SECONDS)],
        [use("ledger_pay", "d")],
        [{"type": "text", "text": "done"}],
    ][request.turns_so_far]


@script("backtracks")
def backtracks(request):
    """Holds the interpreter for ever: this pattern backtracks without end, and lets no other thread run meanwhile."""
    return [{"type": "text", "text": str(re.match("(a+)+$", "a" * 64 + "b"))}]


def use(name, what, **more):
    return {"type": "tool_use", "id": f"{name}-{what}", "name": name, "input": {"what": what, **more}}
