"""Summaries such as "Refund {amount:money} to {customer.name}": text with places for values."""

import re
from collections.abc import Iterator
from functools import lru_cache
from string import Formatter

FORMATS = ("", "money", "minor")
_PATH = re.compile(r"[A-Za-z_]\w*(\.\w+)*", re.ASCII)


@lru_cache(maxsize=1024)
def parts(summary: str) -> tuple[tuple[str, str | None, str], ...]:
    """(text, path, format) one after another, the last path perhaps None; raises ValueError with a sentence."""
    return tuple(_parts(summary))


def paths(summary: str) -> list[str]:
    """The paths of the values that a summary names."""
    return [path for _, path, _ in parts(summary) if path is not None]


def _parts(summary: str) -> Iterator[tuple[str, str | None, str]]:
    for text, path, format, conversion in Formatter().parse(summary):
        if path is not None and (conversion or not _PATH.fullmatch(path)):
            raise ValueError(f"{{{path}}} is not a plain name or dotted path")
        if format and format not in FORMATS:
            raise ValueError(f"{format!r} is not one of the formats money and minor")
        yield text, path, format or ""
