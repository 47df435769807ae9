"""Where things lie on a drawing: positions and lengths, in the units of its viewBox."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH, HEIGHT = 1000, 100
OUTCOMES = {"approved": "okf", "answered": "teaf", "rejected": "badf", "expired": "warnf", "withdrawn": "offf"}


@dataclass(frozen=True, slots=True)
class Band:
    """From the start to a middle mark, and on to the end of the band."""

    middle: float
    end: float


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a column."""

    x: float
    y: float
    width: float
    height: float
    tone: str
    words: str


def bands(pairs: Sequence[tuple[float | None, float | None]]) -> list[Band | None]:
    """Pairs of median and high end on one scale from nothing to the highest end; the shortest are still to be seen."""
    most = max((high for _, high in pairs if high is not None), default=0.0) or 1.0

    def place(value: float) -> float:
        return round(max(4.0, WIDTH * value / most), 1)

    return [None if middle is None or high is None else Band(place(middle), place(high)) for middle, high in pairs]


def shares(values: Sequence[float]) -> list[float]:
    """Lengths, the longest of which takes the whole width."""
    most = max(values, default=0)
    return [round(WIDTH * value / most, 1) if most else 0.0 for value in values]


def columns(days: Mapping[date, Mapping[str, int]], last: date, count: int) -> list[Block]:
    """A column for each of `count` days up to `last`, its outcomes on top of each other."""
    highest = most(days) or 1
    step, blocks = WIDTH / count, []
    for n in range(count):
        day, bottom = last - timedelta(days=count - 1 - n), float(HEIGHT)
        for status, tone in OUTCOMES.items():
            if found := days.get(day, {}).get(status, 0):
                height = HEIGHT * found / highest
                bottom -= height
                words = f"{day:%-d %b}: {found:,} {status}"
                blocks.append(
                    Block(round(n * step, 2), round(bottom, 2), round(step * 0.78, 2), round(height, 2), tone, words)
                )
    return blocks


def most(days: Mapping[date, Mapping[str, int]]) -> int:
    """How many the fullest day has."""
    return max((sum(outcomes.values()) for outcomes in days.values()), default=0)
