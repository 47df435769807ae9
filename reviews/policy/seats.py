"""Who can fill which seat: one person fills one, so it takes a matching to know whether all can be filled."""

from collections.abc import Collection, Iterable, Mapping

from reviews.policy.values import Seat

type Groups = Collection[str]
type Places = Mapping[int, str | None]


def places(seats: Iterable[Seat]) -> dict[int, str | None]:
    """Single places by their number, each with the group that it asks for."""
    groups = [seat.group for seat in seats for _ in range(seat.count)]
    return dict(enumerate(groups))


def fits(group: str | None, groups: Groups) -> bool:
    """Whether somebody of these groups may take a place that asks for `group`."""
    return group is None or group in groups


def can_all_be_filled(wanted: Places, people: Mapping[int, Groups]) -> bool:
    """Whether there is a different person for each place (an augmenting path for one place after another)."""
    held: dict[int, int] = {}
    return all(_find(place, wanted, people, held, set()) for place in wanted)


def choose(free: Places, voter: Groups, others: Mapping[int, Groups]) -> int | None:
    """The place for this voter that leaves the rest fillable by others; None where no free place fits."""
    fitting = [place for place, group in free.items() if fits(group, voter)]
    good = (place for place in fitting if can_all_be_filled(_without(place, free), others))
    return next(good, fitting[0] if fitting else None)


def _without(taken: int, free: Places) -> Places:
    return {place: group for place, group in free.items() if place != taken}


def _find(place: int, wanted: Places, people: Mapping[int, Groups], held: dict[int, int], tried: set[int]) -> bool:
    for person, groups in people.items():
        if person in tried or not fits(wanted[place], groups):
            continue
        tried.add(person)
        if person not in held or _find(held[person], wanted, people, held, tried):
            held[person] = place
            return True
    return False
