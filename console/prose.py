"""JSON and text as lines that people read: indented, with everything visible, and as a difference of two."""

import difflib
import json
from dataclasses import dataclass
from typing import Any, Literal

from agents.tools.legible import legible

MAX_LINES = 400
CONTEXT = 2


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `kind` says whether a difference adds (a) or deletes (d) it."""

    text: str
    kind: Literal["", "a", "d"] = ""


def pretty(value: Any) -> list[str]:
    """The lines of a JSON value; control and invisible characters are written out."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return [legible(line) for line in text.split("\n")]


def lines(value: Any) -> list[Line]:
    """The lines of a JSON value, to a limit that is stated."""
    found = [Line(text) for text in pretty(value)]
    more = len(found) - MAX_LINES
    return [*found[:MAX_LINES], Line(f"… {more} more lines")] if more > 0 else found


def difference(old: Any, new: Any) -> list[Line]:
    """What changed between two JSON values, with two lines around each change."""
    changes = difflib.unified_diff(pretty(old), pretty(new), n=CONTEXT, lineterm="")
    return [marked(change) for change in list(changes)[3 : MAX_LINES + 3]]  # after the heads of files and first hunk


def marked(change: str) -> Line:
    """A line of a unified diff; signs stay, because colour alone says nothing to some."""
    if change.startswith("@@"):
        return Line("…")
    return Line(change, "a" if change[0] == "+" else "d" if change[0] == "-" else "")
