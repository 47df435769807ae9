"""One person fills one seat."""

import pytest

from reviews.policy.seats import can_all_be_filled, choose, places
from reviews.policy.values import Seat

ANA, BEN, CLEO = 1, 2, 3
PEOPLE = {ANA: {"finance"}, BEN: {"finance", "support"}, CLEO: set()}


@pytest.mark.parametrize(
    ("seats", "people", "can"),
    [
        ([Seat(1, None)], [CLEO], True),
        ([Seat(1, None)], [], False),
        ([Seat(2, None)], [CLEO], False),
        ([Seat(2, "finance")], [ANA, BEN], True),
        ([Seat(2, "finance")], [ANA, CLEO], False),
        ([Seat(1, "finance"), Seat(1, "support")], [BEN, ANA], True),
        ([Seat(1, "support"), Seat(1, "finance")], [BEN], False),
        ([Seat(2, "finance"), Seat(1, "support")], [ANA, BEN, CLEO], False),
        ([Seat(1, "finance"), Seat(1, "support"), Seat(1, None)], [BEN, ANA, CLEO], True),
        ([Seat(1, "legal")], [ANA, BEN, CLEO], False),
        ([Seat(1, None), Seat(1, "finance")], [ANA, CLEO], True),
    ],
)
def test_whether_there_are_enough_different_people(seats: list[Seat], people: list[int], can: bool) -> None:
    assert can_all_be_filled(places(seats), {person: PEOPLE[person] for person in people}) is can


def test_a_voter_gets_the_place_that_leaves_the_rest_fillable() -> None:
    free = places([Seat(1, "finance"), Seat(1, "support")])
    assert choose(free, PEOPLE[BEN], {ANA: PEOPLE[ANA]}) == 1
    assert choose(free, PEOPLE[ANA], {BEN: PEOPLE[BEN]}) == 0


def test_a_voter_gets_any_fitting_place_where_the_rest_cannot_be_filled_anyway() -> None:
    assert choose(places([Seat(1, "finance"), Seat(1, "support")]), PEOPLE[BEN], {}) == 0


def test_a_voter_whom_no_free_place_fits_gets_none() -> None:
    assert choose(places([Seat(1, "support")]), PEOPLE[ANA], {BEN: PEOPLE[BEN]}) is None
    assert choose({}, PEOPLE[ANA], {}) is None
