"""The steps of a run as a tree: calls under the model turn that proposed them, branches under what spread them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from agents.models import Run
from console.steps import Row


@dataclass(slots=True)
class Node:
    """A row with what hangs from it; `child` is the run that it started."""

    row: Row
    child: Run | None = None
    below: list["Node"] = field(default_factory=list)


def grown(rows: Iterable[Row], children: Iterable[Run]) -> list[Node]:
    """The tree; what lies at "5.0" hangs from the last step before "5", or from "5" itself where that has a row."""
    runs = {child.parent_position: child for child in children}
    trunk: list[Node] = []
    path: list[tuple[tuple[int, ...], Node]] = []
    for row in sorted(rows, key=lambda row: place(row.position)):
        here, node = place(row.position), Node(row, None if row.tone == "gate" else runs.get(row.position))
        while path and len(path[-1][0]) >= len(here):
            path.pop()
        (path[-1][1].below if path else trunk).append(node)
        path.append((here, node))
    return trunk


def place(position: str) -> tuple[int, ...]:
    """A position as numbers, in the order of the flow; a message heard before a turn ("3+0") comes before it.

    What has none is behind all else.
    """
    if not position:
        return (2**31,)
    return tuple(int("".join(filter(str.isdigit, part)) or 0) for part in position.partition("+")[0].split("."))
