"""The input of a run as people write it: a text as it is, anything else as JSON."""

from typing import Any

from agents.runtime.text import dumps, loads


def written(stored: str) -> str:
    """The stored JSON text as it is edited."""
    said = read(stored)
    return said if isinstance(said, str) else stored


def stored(written: str) -> str:
    """What was written as JSON text: an object or a list where it is one, otherwise a text."""
    text = written.replace("\r\n", "\n")
    return text if text[:1] in ("{", "[") and read(text) is not None else dumps(text)


def read(text: str) -> Any:
    """The value of JSON text; None where it is none."""
    try:
        return loads(text)
    except ValueError:
        return None
