"""Growth curves as SVG from the lines of a benchmark run: `python -m bench.curves FIGURES.jsonl docs/img`."""

import json
import math
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

type Point = tuple[float, float]
type Line = dict[str, Any]

WIDTH, HEIGHT = 720, 360
LEFT, RIGHT, TOP, BOTTOM = 56, 190, 44, 44
COLOURS = ("#2f6feb", "#d9822b", "#8a63d2", "#2da44e")
STYLE = """text{font:12px system-ui,sans-serif;fill:#57606a}.title{font-size:14px;font-weight:600;fill:#1f2328}
.grid{stroke:#d0d7de;stroke-width:1}@media(prefers-color-scheme:dark){text{fill:#9198a1}.title{fill:#f0f6fc}
.grid{stroke:#30363d}}"""


@dataclass(frozen=True)
class Chart:
    """One picture: which lines of which suites are its curves, over which of their parameters."""

    name: str
    title: str
    curves: dict[
        str, tuple[str, str, str, dict[str, str]]
    ]  # label: suite, figure, parameter across, further parameters


CHARTS = (
    Chart(
        "round",
        "Milliseconds a round (model and tool), by the rounds of a run",
        {
            "Countersign": ("countersign", "B1_round", "rounds", {}),
            "LangGraph": ("langgraph", "run", "steps", {"channel": "messages", "durability": "sync"}),
            "LangGraph, delta channel": ("langgraph", "run", "steps", {"channel": "delta", "durability": "sync"}),
            "DBOS, a step": ("dbos", "workflow of N steps", "steps", {"step_output_bytes": "2000"}),
        },
    ),
    Chart(
        "decision",
        "Milliseconds from a decision to the tool, by the rounds before",
        {
            "Countersign, another process": ("countersign", "B5_decision_to_tool", "history_rounds", {}),
            "LangGraph, in place": ("langgraph", "resume to tool running", "history", {"channel": "messages"}),
        },
    ),
    Chart(
        "history",
        "Milliseconds for a page of 20 checkpoints, by the rounds before",
        {
            "Countersign": ("countersign", "B7_page_of_20", "rounds", {}),
            "LangGraph": ("langgraph", "get_state_history(limit=20)", "history", {"channel": "messages"}),
            "DBOS, all steps": ("dbos", "list steps of a run", "history", {}),
        },
    ),
)


def points(lines: Iterable[Line], suite: str, figure: str, across: str, wanted: dict[str, str]) -> list[Point]:
    """The medians of these figures, by the parameter; of several at one place the lowest."""
    found: dict[float, float] = defaultdict(lambda: math.inf)
    for line in lines:
        params = line.get("params", {})
        fits = all(str(params.get(name, value)) == value for name, value in wanted.items())
        if (line.get("suite"), line.get("figure")) == (suite, figure) and across in params and fits:
            place = float(params[across])
            found[place] = min(found[place], float(line["median"]))
    return sorted(found.items())


def drawn(chart: Chart, lines: list[Line]) -> str | None:
    """The picture, or None where fewer than two curves have points."""
    curves = {label: points(lines, *what) for label, what in chart.curves.items()}
    curves = {label: found for label, found in curves.items() if found}
    if len(curves) < 2:
        return None
    frame = Frame([point for found in curves.values() for point in found])
    parts = [*frame.grid(), *(part for number, one in enumerate(curves.items()) for part in frame.curve(number, *one))]
    title = f'<text class="title" x="{LEFT}" y="24">{escape(chart.title)}</text>'
    inner = "\n".join([f"<style>{STYLE}</style>", title, *parts])
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">\n{inner}\n</svg>\n'


class Frame:
    """Places on the picture: the parameter across by its logarithm, milliseconds upwards from nothing."""

    def __init__(self, all_points: list[Point]):
        self.places = sorted({place for place, _ in all_points})
        self.low, self.high = math.log(self.places[0]), math.log(self.places[-1] + 1e-9)
        self.step = nice_step(max(value for _, value in all_points) / 5)
        self.top = self.step * math.ceil(max(value for _, value in all_points) / self.step)
        self.labelled: list[float] = []

    def x(self, place: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (math.log(place) - self.low) / max(self.high - self.low, 1e-9)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / self.top

    def grid(self) -> Iterator[str]:
        for count in range(round(self.top / self.step) + 1):
            y = self.y(count * self.step)
            yield f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
            yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{count * self.step:g}</text>'
        for place in self.places:
            yield f'<text x="{self.x(place):.1f}" y="{HEIGHT - 20}" text-anchor="middle">{place:,.0f}</text>'

    def curve(self, number: int, label: str, found: list[Point]) -> Iterator[str]:
        colour = COLOURS[number % len(COLOURS)]
        path = "L".join(f"{self.x(place):.1f} {self.y(value):.1f}" for place, value in found)
        yield f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        for place, value in found:
            yield f'<circle cx="{self.x(place):.1f}" cy="{self.y(value):.1f}" r="3" fill="{colour}"/>'
        end = self.free(self.y(found[-1][1]) + 4)
        yield f'<text x="{WIDTH - RIGHT + 10}" y="{end:.1f}" style="fill:{colour}">{escape(label)}</text>'

    def free(self, y: float) -> float:
        """A height for a label that covers no other's."""
        while any(abs(y - other) < 15 for other in self.labelled):
            y += 1
        self.labelled.append(y)
        return y


def nice_step(rough: float) -> float:
    """1, 2 or 5 times a power of ten, at least `rough`."""
    power = 10 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)


def main(source: str, target: str) -> None:
    """Draw what the figures in `source` allow, into the folder `target`."""
    lines = [json.loads(line) for line in Path(source).read_text().splitlines() if line.startswith("{")]
    for chart in CHARTS:
        if picture := drawn(chart, lines):
            Path(target, f"growth-{chart.name}.svg").write_text(picture)


if __name__ == "__main__":
    main(*sys.argv[1:])
