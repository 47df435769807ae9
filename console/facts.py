"""What lookups found, as pairs of name and value instead of nested JSON."""

import re
from collections.abc import Collection, Iterator
from typing import Any

from agents.runtime.text import dumps
from console.truth import Reading

MAX_FACTS = 40
FIRST = 6
NAMES = ["title", "name", "subject", "number", "id"]  # what things in a list go by, the most telling first
AMOUNT = re.compile(r"-?\d+[.]\d{2}")

type Fact = tuple[str, Reading]


def flat(value: Any, path: tuple[str, ...] = ()) -> Iterator[Fact]:
    """Each value with its place, `order.items 1.name`, by name: the database keeps no order of keys."""
    if isinstance(value, dict) and value:
        for name, inner in sorted(value.items()):
            yield from flat(inner, (*path, str(name)))
    elif isinstance(value, list) and value and path:
        for number, inner in enumerate(value, start=1):
            yield from flat(inner, (*path[:-1], f"{path[-1]} {number}"))
    else:
        yield ".".join(path), Reading(worded(value))


def named(values: list[Any]) -> Iterator[Fact]:
    """Each of a list by its name, where it has one."""
    for value in values:
        names = [value[word] for word in NAMES if word in value] if isinstance(value, dict) else [value]
        yield "", Reading(worded(names[0] if names else value))


def sorted_out(found: list[Fact], names: Collection[str], values: Collection[str]) -> tuple[list[Fact], list[Fact]]:
    """First those that rules name, or whose value is one of the call's, then amounts; then the rest. One is no rest."""
    used = [fact for fact in found if is_named(fact[0], names) or fact[1].said in values]
    others = sorted((fact for fact in found if fact not in used), key=lambda fact: not AMOUNT.fullmatch(fact[1].said))
    first = [*used, *others][: max(FIRST, len(used))]
    rest = [fact for fact in found if fact not in first]
    return (first, rest) if len(rest) > 1 else (found, [])


def is_named(label: str, names: Collection[str]) -> bool:
    """Whether one of these names ends like the fact, as `facts.order.paid` does for `paid`."""
    return any(name == label or name.endswith(f".{label}") for name in names)


def worded(value: Any) -> str:
    """A single value in words."""
    known = {None: "none", True: "yes", False: "no"}
    if value is None or isinstance(value, bool):
        return known[value]
    if isinstance(value, (dict, list)):
        return dumps(value) if value else "none"
    return str(value)
