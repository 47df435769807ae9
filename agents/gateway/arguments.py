"""The arguments of a tool call as a model writes them: JSON text."""

import json
from math import isfinite
from typing import Any, NoReturn


def parse(text: str) -> dict[str, Any]:
    """The object in `text`, which must read the same for every parser: people approve what will be executed.

    What is wrong with it is a ValueError. Integers may be too big for some; the tool layer tells the model about those.
    """
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_float=_finite, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError("it is not an object")
    return value


def dump(arguments: dict[str, Any]) -> str:
    """The text that a model would have written for the arguments."""
    return json.dumps(arguments, ensure_ascii=False, separators=(",", ":"))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key appears twice")
    return found


def _finite(text: str) -> float:
    value = float(text)
    return value if isfinite(value) else _refuse(text)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number that everybody can read")
