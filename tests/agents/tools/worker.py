"""A worker with one child, for tests that kill or pause it: `python -m tests.agents.tools.worker TOOL LEDGER SECONDS`.

It prints the pid of its child, then what came of the call. `--then-die` gives the order to a paused child instead, and
dies before the child can take it.
"""

import json
import os
import signal
import sys
from uuid import UUID

from agents.tools import CallContext, children
from agents.tools.child import Order
from tests.agents.tools.waiting import eventually, state_of

CONTEXT = CallContext(UUID(int=1), 1, UUID(int=2), 1, "key")


def main(tool: str, ledger: str, seconds: str, *flags: str) -> None:
    child = children.Child(["tests.agents.tools.misbehaving"])
    hello = child.perform(Order("stamp", json.dumps({"ledger": os.devnull}).encode(), CONTEXT, 20))
    print(hello.value, flush=True)
    order = Order(tool, json.dumps({"ledger": ledger}).encode(), CONTEXT, float(seconds))
    if flags:
        give_and_die(child, order)
    print(json.dumps(child.perform(order).error), flush=True)


def give_and_die(child: children.Child, order: Order) -> None:
    os.kill(child._pid, signal.SIGSTOP)
    eventually(lambda: state_of(child._pid).startswith("T"))
    child._connection.send(order)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
