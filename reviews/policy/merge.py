"""Several rules ask at once: together they ask for everything that each of them asks for."""

from collections.abc import Iterable, Sequence

from reviews.policy.values import Expiry, Requirement, Risk, Seat

RISKS: list[Risk] = ["low", "medium", "high"]
STRICTEST_FIRST: list[Expiry] = ["stop_run", "reject", "respond", "keep_waiting"]


def merged(asked: Sequence[Requirement]) -> Requirement:
    """One requirement that covers all of `asked`, whatever their order."""
    expiry = min(
        asked, key=lambda one: (STRICTEST_FIRST.index(one.on_expiry), one.deadline_seconds, one.on_expiry_text)
    )
    return Requirement(
        seats=_seats(seat for one in asked for seat in one.seats or (Seat(),)),
        deadline_seconds=min(one.deadline_seconds for one in asked),
        on_expiry=expiry.on_expiry,
        on_expiry_text=expiry.on_expiry_text,
        channels=tuple(sorted(set.intersection(*(set(one.channels) for one in asked)))),
        edit_allowed=all(one.edit_allowed for one in asked),
        batchable=all(one.batchable for one in asked),
        undo_seconds=max(one.undo_seconds for one in asked),
        risk=max((one.risk for one in asked), key=RISKS.index),
    )


def _seats(seats: Iterable[Seat]) -> tuple[Seat, ...]:
    """The highest count for each group; named groups come first, so that nobody of theirs sits elsewhere."""
    counts: dict[str | None, int] = {}
    for seat in seats:
        counts[seat.group] = max(seat.count, counts.get(seat.group, 0))
    return tuple(Seat(counts[group], group) for group in sorted(counts, key=lambda group: (group is None, group or "")))
