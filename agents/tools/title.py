"""The title of a call that people read: made of canonical arguments and of facts, never of the model's words."""

from collections.abc import Mapping
from typing import Any

import orjson

from agents.tools.legible import clip, legible
from agents.tools.lookups import MISSING, dig
from agents.tools.money import money
from agents.tools.spec import ToolSpec
from agents.tools.summary import parts

MAX_TITLE = 200
MAX_VALUE = 80
MAX_PLAIN_VALUE = 40
UNKNOWN = "?"


def title(spec: ToolSpec, args: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    """The summary filled in from arguments, then facts; without a summary name and arguments. Plain text."""
    if not spec.summary:
        return plain_title(spec.name, args)
    sources = _sources(spec, args, facts)
    pieces = (
        text + (_shown(path, format, sources) if path is not None else "") for text, path, format in parts(spec.summary)
    )
    return clip("".join(pieces), MAX_TITLE)


def amount(spec: ToolSpec, path: str, value: Any, args: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    """A value of that argument as money, where the summary writes it so; empty where it does not."""
    format = next((format for _, named, format in parts(spec.summary) if named == path), "")
    currency = _currency(path, _sources(spec, args, facts))
    return money(value, currency, in_minor_units=format == "minor") if format else ""


def plain_title(name: str, args: Mapping[str, Any]) -> str:
    """`name(argument: value, …)`; texts are quoted, so that none can pass for another argument."""
    shown = (f"{legible(key)}: {legible(_json(value, MAX_PLAIN_VALUE))}" for key, value in args.items())
    return clip(f"{legible(name)}({', '.join(shown)})", MAX_TITLE)


def _sources(spec: ToolSpec, args: Mapping[str, Any], facts: Mapping[str, Any]) -> list[Any]:
    return [args, facts, *(facts.get(lookup.fact) for lookup in spec.lookups)]


def _shown(path: str, format: str, sources: list[Any]) -> str:
    value = _find(path, sources)
    if value is MISSING or value is None:
        return UNKNOWN
    if format and (amount := money(value, _currency(path, sources), in_minor_units=format == "minor")):
        return amount
    return legible(clip(value, MAX_VALUE) if isinstance(value, str) else _json(value, MAX_VALUE))


def _find(path: str, sources: list[Any]) -> Any:
    """Arguments first, then facts by name, then what is inside the facts, in the order of the lookups."""
    return next((found for source in sources if (found := dig(source, path)) is not MISSING), MISSING)


def _currency(path: str, sources: list[Any]) -> str:
    """`currency` beside the amount, or else anywhere."""
    beside = path.rpartition(".")[0]
    found = _find(f"{beside}.currency", sources) if beside else MISSING
    found = _find("currency", sources) if found is MISSING else found
    return found if isinstance(found, str) else ""


def _json(value: Any, limit: int) -> str:
    return clip(orjson.dumps(value).decode(), limit)
