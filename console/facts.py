"""What lookups found, as pairs of name and value instead of nested JSON."""

from collections.abc import Iterator
from typing import Any

from console.truth import Reading

MAX_FACTS = 40


def flat(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Reading]]:
    """Each value with its place, `order.items 1.name`, by name: the database keeps no order of keys."""
    if isinstance(value, dict) and value:
        for name, inner in sorted(value.items()):
            yield from flat(inner, (*path, str(name)))
    elif isinstance(value, list) and value and path:
        for number, inner in enumerate(value, start=1):
            yield from flat(inner, (*path[:-1], f"{path[-1]} {number}"))
    else:
        yield ".".join(path), Reading(worded(value))


def worded(value: Any) -> str:
    """A single value in words."""
    known = {None: "none", True: "yes", False: "no"}
    if value is None or isinstance(value, bool):
        return known[value]
    return str(value) if value not in ({}, []) else "none"
