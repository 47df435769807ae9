"""The order in which open requests stand: by the time that is left, in bands; where it does not press yet, high risk
comes first in its band."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from django.db.models import Q

from reviews.listing import place_of, write
from reviews.models import ApprovalRequest
from reviews.models.approval import ApprovalQuerySet

HEADINGS = [
    (timedelta(0), "Past its time, kept waiting"),
    (timedelta(minutes=5), "Due within 5 minutes"),
    (timedelta(minutes=30), "Due within 30 minutes"),
    (timedelta(hours=1), "Due within the hour"),
    (timedelta(hours=24), "Due within a day"),
    (timedelta.max, "Later"),
]
NAMES = [name for _, name in HEADINGS]
PRESSING = NAMES[:2]
BOUNDS = dict(zip(NAMES[1:], pairwise([limit for limit, _ in HEADINGS]), strict=True))

type Shown = Callable[[ApprovalQuerySet], ApprovalQuerySet]


def heading(left: timedelta) -> str:
    """The heading for so much time left."""
    return next(name for limit, name in HEADINGS if left <= limit)


@dataclass(frozen=True, slots=True)
class Place:
    """Behind a row, by the time that was left `as_of` the first page, so that none moves between two pages."""

    as_of: datetime
    is_high: bool
    deadline: datetime
    key: UUID

    @classmethod
    def of(cls, row: ApprovalRequest, as_of: datetime) -> "Place":
        """Where that row stands."""
        return cls(as_of, row.risk == "high", row.deadline_at, row.pk)

    @classmethod
    def read(cls, cursor: str) -> "Place":
        """As an address has it; raises Unprocessable."""
        start, _, end = cursor.replace("!", ".").partition(".")
        return cls(place_of(start)[0], "!" in cursor, *place_of(end))

    def __str__(self) -> str:
        return f"{write(self.as_of, self.key)}{'!' if self.is_high else '.'}{write(self.deadline, self.key)}"

    @property
    def band(self) -> str:
        """The heading that it stands under."""
        return heading(self.deadline - self.as_of)


def rows_from(
    found: ApprovalQuerySet, as_of: datetime, limit: int, place: Place | None = None, shown: Shown = lambda rows: rows
) -> list[ApprovalRequest]:
    """The first rows in that order, or the first behind a place, `shown` with what else a row says.

    They are among the first by deadline and the first of high risk: two short reads along an index, in one query.
    """
    rest = found.filter(_behind(place)) if place else found
    soonest, riskiest = (some.most_urgent_first().values("pk")[:limit] for some in (rest, rest.filter(risk="high")))
    rows = shown(ApprovalRequest.objects.filter(pk__in=soonest.union(riskiest, all=True)))
    return sorted(rows, key=lambda row: _rank(row, as_of))[:limit]


def _behind(place: Place) -> Q:
    """What comes after a place."""
    later = Q(deadline_at__gt=place.deadline) | Q(deadline_at=place.deadline, pk__gt=place.key)
    if place.band in PRESSING:
        return later
    start, end = BOUNDS[place.band]
    is_high, is_of_next = Q(risk="high"), Q(deadline_at__gt=place.as_of + end) if end < timedelta.max else Q(pk=None)
    own = (is_high & later) | ~is_high if place.is_high else ~is_high & later
    return Q(deadline_at__gt=place.as_of + start) & (own | is_of_next)


def _rank(row: ApprovalRequest, as_of: datetime) -> tuple[int, bool, datetime, UUID]:
    band = heading(row.deadline_at - as_of)
    return NAMES.index(band), band not in PRESSING and row.risk != "high", row.deadline_at, row.pk
