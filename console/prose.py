"""JSON and text as lines that people read: indented, with everything visible, and as a difference of two."""

import difflib
import json
import re
from dataclasses import dataclass
from typing import Any, Literal

from agents.tools.legible import legible

MAX_LINES = 400
MAX_LINE = 50_000
CONTEXT = 2
FULL_LINE = 72
ITEM = re.compile(r"\s*([-*•#>|]|\d+[.)])")


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
    text = json.dumps(value, indent=2, ensure_ascii=False).split("\n")
    found = [Line(legible(bounded(line))) for line in text[:MAX_LINES]]
    more = len(text) - MAX_LINES
    return [*found, Line(f"… {more} more lines")] if more > 0 else found


def unwrapped(text: str) -> str:
    """A text without the line breaks that only made it fit a file: those after a full line, unless an item begins."""
    before, joined = "", ""
    for line in text.split("\n"):
        goes_on = len(before) >= FULL_LINE and line.strip() and not ITEM.match(line)
        joined += f" {line.strip()}" if goes_on else f"\n{line}"
        before = line
    return joined[1:]


def bounded(line: str) -> str:
    """One line to its limit: a result may be a single text of many megabytes."""
    more = len(line) - MAX_LINE
    return f"{line[:MAX_LINE]} … {more:,} more characters" if more > 0 else line


def difference(old: Any, new: Any) -> list[Line]:
    """What changed between two JSON values, with two lines around each change."""
    changes = difflib.unified_diff(pretty(old), pretty(new), n=CONTEXT, lineterm="")
    return [marked(change) for change in list(changes)[3 : MAX_LINES + 3]]  # after the heads of files and first hunk


def marked(change: str) -> Line:
    """A line of a unified diff; signs stay, because colour alone says nothing to some."""
    if change.startswith("@@"):
        return Line("…")
    return Line(change, "a" if change[0] == "+" else "d" if change[0] == "-" else "")
