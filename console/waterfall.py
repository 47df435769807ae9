"""Where bars lie on a time axis from which the idle stretches are folded away. Pure: moments in, percentages out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.figures import duration

WIDTH = 84.0  # percent of the lane; the rest is for the words behind the last bar
FOLD_WIDTH = 9.0
AHEAD_WIDTH = 7.0
MIN_BAR = 0.6
FOLD_AFTER = timedelta(seconds=2)
FOLD_SHARE = 0.12  # of the time that somebody worked
TICK_STEPS = [n * 10**power for power in range(-3, 8) for n in (1, 2, 5)]
MAX_TICKS = 5
LAST = 9.0  # the room that the words at the end take
WIDE = 0.6 * WIDTH  # a stretch this wide has room for all of them

type Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar on a lane, in percent of the lane."""

    x: float
    width: float

    @property
    def end(self) -> float:
        return self.x + self.width


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on the axis."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the axis: `start` to `end` in time lies at `x` with `width`."""

    start: datetime
    end: datetime
    is_folded: bool
    x: float = 0.0
    width: float = 0.0

    @property
    def length(self) -> timedelta:
        return self.end - self.start


class Axis:
    """Time from the first to the last moment; long gaps in which nobody worked are one narrow stretch each."""

    def __init__(self, work: Iterable[Span], start: datetime, end: datetime):
        self.start, self.seconds = start, (end - start).total_seconds()
        self.stretches = placed(folded(merged(work, start, end), start, max(end, start)))

    def bar(self, start: datetime, end: datetime) -> Bar:
        """The bar of something that took from `start` to `end`."""
        x = self.place(start)
        return Bar(round(x, 2), round(max(self.place(end) - x, MIN_BAR), 2))

    def place(self, moment: datetime) -> float:
        """Where a moment lies."""
        for stretch in self.stretches:
            if moment <= stretch.end:
                share = (moment - stretch.start) / stretch.length if stretch.length else 0.0
                return stretch.x + stretch.width * min(max(share, 0.0), 1.0)
        return WIDTH

    @property
    def ahead(self) -> Bar:
        """Where what is still to come is drawn: behind the end, with no length."""
        return Bar(round(WIDTH + 1, 2), AHEAD_WIDTH)

    @property
    def folds(self) -> list[Bar]:
        """The stretches that were folded."""
        return [Bar(round(one.x, 2), round(one.width, 2)) for one in self.stretches if one.is_folded]

    @property
    def ticks(self) -> list[Tick]:
        """Marks at round seconds of work up to the first fold, and where work goes on behind one."""
        first = self.stretches[0]
        seconds = first.length.total_seconds()
        if first.is_folded or not seconds:
            return [Tick(0.0, "0 s"), *self._behind]
        room = max(1.0, MAX_TICKS * min(1.0, first.width / WIDE))
        step = next((one for one in TICK_STEPS if seconds / one <= room), TICK_STEPS[-1])
        count = int(seconds / step) + 1
        marks = [Tick(round(first.width * n * step / seconds, 2), duration(n * step)) for n in range(1, count)]
        return [Tick(0.0, "0 s"), *(mark for mark in marks if mark.x < WIDTH - LAST), *self._behind]

    @property
    def _behind(self) -> list[Tick]:
        """When work goes on behind a fold: there one reads how much time was folded."""
        begun = [one for one, before in zip(self.stretches[1:], self.stretches, strict=False) if before.is_folded]
        return [
            Tick(round(one.x, 2), duration((one.start - self.start).total_seconds()))
            for one in begun
            if not one.is_folded and one.x < WIDTH - LAST and one.width > LAST
        ]


def merged(work: Iterable[Span], start: datetime, end: datetime) -> list[Span]:
    """The times in which somebody worked, without overlaps, cut to the axis."""
    busy: list[Span] = []
    for begin, until in sorted((max(a, start), min(b, end)) for a, b in work):
        if busy and begin <= busy[-1][1]:
            busy[-1] = (busy[-1][0], max(busy[-1][1], until))
        elif until >= begin:
            busy.append((begin, until))
    return busy


def folded(busy: Sequence[Span], start: datetime, end: datetime) -> list[Stretch]:
    """The axis as stretches: what is shown at length, and gaps long enough to fold."""
    worked = sum(((until - begin) for begin, until in busy), timedelta())
    longest = max(FOLD_AFTER, worked * FOLD_SHARE)
    stretches: list[Stretch] = []
    shown_from = at = start
    for begin, until in [*busy, (end, end)]:
        if begin - at > longest:
            stretches += [Stretch(shown_from, at, False)] if at > shown_from else []
            stretches.append(Stretch(at, begin, True))
            shown_from = begin
        at = max(at, until)
    return [*stretches, Stretch(shown_from, at, False)] if at > shown_from or not stretches else stretches


def placed(stretches: list[Stretch]) -> list[Stretch]:
    """The stretches side by side: folds narrow, the others by their length."""
    folds = sum(stretch.is_folded for stretch in stretches)
    shown = sum((stretch.length for stretch in stretches if not stretch.is_folded), timedelta())
    fold = min(FOLD_WIDTH, WIDTH * 0.6 / folds) if folds else 0.0
    if not shown:
        fold = WIDTH / folds if folds else 0.0
    x, result = 0.0, []
    for stretch in stretches:
        width = fold if stretch.is_folded else (WIDTH - folds * fold) * (stretch.length / shown if shown else 1.0)
        result.append(Stretch(stretch.start, stretch.end, stretch.is_folded, x, width))
        x += width
    return result
