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
CHARACTER, GAP = 1.5, 1.5  # of a lane, which words beside a tick take
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

    @property
    def end(self) -> float:
        """Where its words end, about."""
        return self.x + CHARACTER * len(self.text) + GAP


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
        return legible([Tick(0.0, "0 s"), *self._behind, *marks])

    @property
    def last(self) -> str:
        """The words at the end: how long all took, or what came behind the last fold where that says the same."""
        whole, behind = duration(self.seconds), self._behind
        if not behind or behind[-1].text != whole:
            return whole
        return f"+ {duration(self.stretches[-1].length.total_seconds())}"

    @property
    def _behind(self) -> list[Tick]:
        """When work goes on behind a fold: there one reads how much time was folded."""
        begun = [one for one, before in zip(self.stretches[1:], self.stretches, strict=False) if before.is_folded]
        return legible(
            [
                Tick(round(one.x, 2), duration((one.start - self.start).total_seconds()))
                for one in begun
                if not one.is_folded
            ]
        )


def legible(ticks: Iterable[Tick]) -> list[Tick]:
    """Those whose words lie on no other's, nor at the end, and that say something else; the first ones go first."""
    kept: list[Tick] = []
    for tick in ticks:
        is_free = all(tick.x >= one.end or tick.end <= one.x for one in kept)
        if is_free and tick.end <= WIDTH + 0.01 and tick.text not in {one.text for one in kept}:
            kept.append(tick)
    return sorted(kept, key=lambda tick: tick.x)


def length(spans: Iterable[Span]) -> float:
    """The seconds that these cover, those that lie on others counted once."""
    known = sorted(spans)
    return sum((b - a).total_seconds() for a, b in merged(known, known[0][0], max(b for _, b in known))) if known else 0


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
