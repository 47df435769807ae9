"""Tools whose effects are lines in a file outside: what really happened, whatever the database says."""

import os
import time
from pathlib import Path

from agents.tools import CallContext, ToolError, tool


def write(line: str) -> None:
    """Append one line to the ledger in one write."""
    with Path(os.environ["LEDGER"]).open("ab", buffering=0) as ledger:
        ledger.write(f"{line}\n".encode())


def lines() -> list[str]:
    """Everything that happened, in order."""
    path = Path(os.environ["LEDGER"])
    return path.read_text().splitlines() if path.exists() else []


@tool(effect="read")
def ledger_look(what: str) -> str:
    """Look something up."""
    return f"seen {what}"


@tool(effect="read")
def ledger_fetch(size: int) -> str:
    """Read a text of so many letters."""
    return "x" * size


@tool(effect="keyed", retries=3)
def ledger_put(context: CallContext, what: str) -> str:
    """Write under a key: the same key twice is one effect."""
    if f"put {context.key} {what}" not in lines():
        write(f"put {context.key} {what}")
    return f"put {what}"


@tool(effect="unsafe", timeout=3)
def ledger_pay(context: CallContext, what: str, seconds: float = 0) -> str:
    """Write without a key: each time is an effect of its own."""
    write(f"pay {context.key} {what}")
    time.sleep(seconds)
    return f"paid {what}"


@tool(effect="unsafe")
def ledger_decline(what: str) -> str:
    """Never happens."""
    raise ToolError(f"{what} is declined", type="declined")


@tool(effect="unsafe")
def ledger_break(context: CallContext, what: str) -> str:
    """Happens, and then breaks."""
    write(f"pay {context.key} {what}")
    raise ConnectionResetError("the answer was lost")
