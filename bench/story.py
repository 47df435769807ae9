"""What the benchmarks' agents say and do: rounds of a read with texts of 1 KB, then one governed write."""

import os
import time
from pathlib import Path

from agents.gateway import chain
from agents.gateway.types import ModelReply, Usage
from agents.tools import tool

TEXT = "x" * 1000


class Instant:
    """A model that answers at once; `model` says after how many rounds it asks for what: 200:bench_stamp."""

    def complete(self, request, on_delta=None):
        rounds, _, last = request.model.partition(":")
        turn = len(request.messages) // 2  # each turn adds two
        name = "bench_look" if turn < int(rounds) else last if turn == int(rounds) else ""
        call = [{"type": "tool_use", "id": f"t{turn}", "name": name, "input": {"what": TEXT}}] if name else []
        blocks = [{"type": "text", "text": TEXT}, *call]
        return ModelReply(blocks=blocks, stop="", usage=Usage(), model="instant", provider="instant")


chain.ADAPTERS["instant"] = Instant()


@tool(effect="read")
def bench_look(what: str) -> str:
    """Read 1 KB."""
    return TEXT


@tool(effect="unsafe")
def bench_stamp(what: str) -> str:
    """Leave the time at which this code runs."""
    with Path(os.environ["BENCH_STAMPS"]).open("a") as stamps:
        stamps.write(f"{time.time()}\n")
    return "stamped"
