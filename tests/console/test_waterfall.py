"""The time axis: idle stretches are folded away."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from console.waterfall import FOLD_WIDTH, WIDTH, Axis, length

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def axis(*work: tuple[float, float], end: float) -> Axis:
    return Axis([(at(a), at(b)) for a, b in work], START, at(end))


def test_work_without_a_break_lies_at_its_length() -> None:
    found = axis((0, 1), (1, 4), end=4)

    assert found.folds == []
    assert (found.bar(at(0), at(1)).x, found.bar(at(0), at(1)).width) == (0, WIDTH / 4)
    assert round(found.bar(at(1), at(4)).end, 1) == WIDTH


def test_a_long_wait_takes_little_room() -> None:
    found = axis((0, 2), (3602, 3604), end=3604)
    wait = found.bar(at(2), at(3602))

    assert wait.width == FOLD_WIDTH
    assert [fold.x for fold in found.folds] == [wait.x]
    assert found.bar(at(0), at(2)).width == found.bar(at(3602), at(3604)).width


def test_a_short_pause_is_not_folded() -> None:
    assert axis((0, 2), (3, 5), end=5).folds == []


def test_a_wait_that_goes_on_is_folded_at_the_end() -> None:
    found = axis((0, 2), end=500)

    assert [fold.end for fold in found.folds] == [WIDTH]


def test_the_ticks_count_the_first_stretch_of_work_and_say_when_it_goes_on() -> None:
    ticks = axis((0, 4), (900, 901), end=901).ticks

    assert [tick.text for tick in ticks] == ["0 s", "1 s", "2 s", "3 s", "4 s", "15 m 00 s"]
    assert axis((0, 9), end=9).ticks[-1].x < WIDTH - 9  # the end has words of its own


def test_a_narrow_stretch_has_fewer_ticks() -> None:
    assert len(axis((0, 20), (900, 980), end=980).ticks) <= 3


def test_words_of_ticks_never_lie_on_each_other_and_never_say_the_same() -> None:
    found = axis((0, 0.16), (921.1, 921.2), (921.3, 921.4), end=921.4)
    ticks = found.ticks

    assert all(one.end <= other.x for one, other in pairwise(ticks))
    assert ticks[-1].text == "15 m 21 s" and found.last == "+ 300 ms"
    assert axis((0, 0.4), end=0.41).last == "410 ms"
    busy = axis((0, 0.4), end=400)  # what is still open is folded behind work
    assert busy.ticks[-1].end <= WIDTH


def test_time_that_several_spans_cover_counts_once() -> None:
    assert length([]) == 0
    assert length([(at(5), at(7)), (at(0), at(2)), (at(1), at(3))]) == 5


def test_nothing_at_all_is_no_accident() -> None:
    assert [tick.text for tick in axis(end=0).ticks] == ["0 s"]
    assert axis(end=100).bar(at(0), at(100)).width == WIDTH


moments = st.floats(0, 10_000)


@given(st.lists(st.tuples(moments, moments).map(sorted)), moments, moments)
def test_time_never_runs_backwards(work: list[list[float]], one: float, other: float) -> None:
    found = axis(*[(a, b) for a, b in work], end=10_000)
    first, second = sorted((one, other))

    assert 0 <= found.place(at(first)) <= found.place(at(second)) + 1e-9 <= WIDTH + 1e-6
