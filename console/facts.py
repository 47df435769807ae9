"""What lookups found, as pairs of name and value instead of nested JSON."""

import re
from collections.abc import Collection, Iterator
from typing import Any

from agents.runtime.text import dumps
from console.truth import Reading

MAX_FACTS = 40
FIRST = 8
WORD = re.compile(r"[a-z_]{2,}")
WHEN = re.compile(r"\d{4}-\d\d-\d\d.*|-?\d+")
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
    """First what the call's own values do not say: what rules name, a status, amounts, times. One is no rest.

    An amount that is also the call's own says something else there: so much was refunded before.
    """
    said = {value for value in values if not AMOUNT.fullmatch(value)}
    ranked = sorted(found, key=lambda fact: (fact[1].said in said, not is_named(fact[0], names), _telling(fact)))
    first = ranked[:FIRST]
    rest = [fact for fact in found if fact not in first]
    return (first, rest) if len(rest) > 1 else (ranked, [])


def _telling(fact: Fact) -> tuple[bool, int]:
    """How far back a fact stands that no rule names: behind those of the thing itself, and by its kind."""
    kinds = (place for place, kind in enumerate((WORD, AMOUNT, WHEN)) if kind.fullmatch(fact[1].said))
    return "." in fact[0], next(kinds, 3)


def in_words(label: str) -> str:
    """A place as it is read: `items 1.price` as items 1 price, `days_late` as days late."""
    return label.replace("_", " ").replace(".", " ")


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
