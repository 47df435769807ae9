"""The world outside: an append-only file of what really happened, written by tools and by nobody else."""

import json
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PLACE = "NEMESIS_LEDGER"
EFFECTS = ("pay", "put")
CALLS = (*EFFECTS, "look")
WALL = "NEMESIS_WALL"  # what to add to the monotonic clock: the wall clocks of some processes are set wrong on purpose


def now() -> float:
    """The true time, whatever this process takes for it."""
    return time.monotonic() + float(os.environ[WALL])


def write(what: str, **facts: Any) -> None:
    """Append one line in one write, with the time."""
    line = json.dumps({"what": what, "at": now(), **facts}) + "\n"
    descriptor = os.open(os.environ[PLACE], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def put_once(key: str, digest: str) -> bool:
    """What a good provider does with an idempotency key: the first body counts, another under the key is refused."""
    keys = Path(os.environ[PLACE] + ".keys")
    keys.mkdir(exist_ok=True)
    try:
        os.symlink(digest, keys / key)  # made with its content or not at all
    except FileExistsError:
        return os.readlink(keys / key) == digest
    return True


def lines() -> Iterator[dict[str, Any]]:
    """Everything that happened, in order."""
    path = Path(os.environ[PLACE])
    for line in path.read_text().splitlines() if path.exists() else ():
        yield json.loads(line)


def puts() -> dict[str, str]:
    """What was put under each key."""
    keys = Path(os.environ[PLACE] + ".keys")
    return {path.name: os.readlink(path) for path in keys.iterdir()} if keys.exists() else {}


def by_key(what: str) -> dict[str, list[dict[str, Any]]]:
    """The lines of one kind, by the call or the model turn that they belong to."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in lines():
        if line["what"] == what:
            found[line["key"]].append(line)
    return found
