"""What several rules that ask demand together."""

from dataclasses import replace
from itertools import permutations

import pytest

from reviews.policy.merge import merged
from reviews.policy.values import Requirement, Seat

ONE = Requirement(
    seats=(Seat(1, None), Seat(2, "finance")),
    deadline_seconds=600,
    channels=("api", "web"),
    undo_seconds=5,
    risk="low",
    batchable=True,
)
TWO = Requirement(seats=(Seat(1, "finance"), Seat(1, "legal")), deadline_seconds=900, edit_allowed=False, risk="high")


def test_all_that_is_asked_for_is_asked_for_together_in_any_order() -> None:
    together = Requirement(
        seats=(Seat(2, "finance"), Seat(1, "legal"), Seat(1, None)),
        deadline_seconds=600,
        channels=("web",),
        edit_allowed=False,
        undo_seconds=5,
        risk="high",
    )
    assert [merged(order) for order in permutations([ONE, TWO])] == [together, together]


def test_one_alone_stays_as_it_is() -> None:
    assert merged([TWO]) == TWO
    assert merged([Requirement(seats=())]).seats == (Seat(1, None),)


def test_channels_that_exclude_each_other_leave_none() -> None:
    assert merged([replace(ONE, channels=("api",)), TWO]).channels == ()


@pytest.mark.parametrize(
    ("one", "other", "strictest"),
    [
        ("keep_waiting", "reject", "reject"),
        ("respond", "reject", "reject"),
        ("stop_run", "reject", "stop_run"),
        ("keep_waiting", "respond", "respond"),
    ],
)
def test_of_two_ends_the_stricter_one_holds(one: str, other: str, strictest: str) -> None:
    requirements = [Requirement(on_expiry=one, on_expiry_text=one), Requirement(on_expiry=other, on_expiry_text=other)]  # type: ignore[arg-type]
    for order in permutations(requirements):
        assert (merged(order).on_expiry, merged(order).on_expiry_text) == (strictest, strictest)


def test_a_requirement_is_read_as_it_was_stored() -> None:
    assert Requirement.read(ONE.as_json()) == ONE


def test_another_demand_or_another_tool_has_another_digest() -> None:
    digests = {ONE.digest(b"a"), ONE.digest(b"b"), TWO.digest(b"a"), replace(ONE, deadline_seconds=601).digest(b"a")}
    assert len(digests) == 4
    assert Requirement.read(ONE.as_json()).digest(b"a") == ONE.digest(b"a")
