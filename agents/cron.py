"""When a cron expression is due next, by the clocks of a time zone. Five fields; Celery's parser reads them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agents.exceptions import ScheduleRefused

FIELDS = ("minute", "hour", "day of month", "month", "day of week")
PART = re.compile(r"(\*|\d+|\d+-\d+)(/[1-9]\d*)?", re.ASCII)
NAMED_PART = re.compile(r"(\*|\w+|\w+-\w+)(/[1-9]\d*)?", re.ASCII)
EIGHT_YEARS = 8 * 366  # the longest wait for the 29th of February


@dataclass(frozen=True, slots=True)
class Cron:
    """The sets that the five fields stand for; Sunday is 0. Days are as cron has them: where both are given, either."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    is_any_day: bool
    is_any_weekday: bool

    @classmethod
    def read(cls, text: str) -> Self:
        """The expression's meaning; raises ScheduleRefused with the field that is wrong."""
        fields = text.split()
        if len(fields) != 5:
            raise _refused(f"A cron expression has five fields ({', '.join(FIELDS)}); this one has {len(fields)}.")
        minutes, hours, days, months = (
            _values(*one) for one in zip(FIELDS, fields, (60, 24, 31, 12), (0, 0, 1, 1), strict=False)
        )
        weekdays = frozenset(day % 7 for day in _values(FIELDS[4], fields[4], 8, 0))
        return cls(minutes, hours, days, months, weekdays, fields[2].startswith("*"), fields[4].startswith("*"))

    def following(self, after: datetime, zone: ZoneInfo) -> datetime | None:
        """The next moment after `after`, or None where there never is one.

        A time that the clocks leave out comes when they have gone forward; one that they show twice comes once, unless
        the expression names every hour.
        """
        first = after.astimezone(zone).date()
        for number in range(EIGHT_YEARS):
            day = first + timedelta(days=number)
            if self.is_on(day):
                later = [moment for moment in self._moments(day, zone) if moment > after]
                if later:
                    return min(later)
        return None

    def is_on(self, day: date) -> bool:
        """Whether the expression means this day."""
        in_days, in_weekdays = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        either = not self.is_any_day and not self.is_any_weekday
        return day.month in self.months and (in_days or in_weekdays if either else in_days and in_weekdays)

    def _moments(self, day: date, zone: ZoneInfo) -> Iterator[datetime]:
        for hour in self.hours:
            for minute in self.minutes:
                for fold in (0, 1) if len(self.hours) == 24 else (0,):
                    yield datetime.combine(day, time(hour, minute, fold=fold), zone).astimezone(UTC)


def zone_of(name: str) -> ZoneInfo:
    """The IANA time zone of this name; raises ScheduleRefused."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        sentence = f"{name!r} is no time zone of the IANA database, such as Europe/Berlin or UTC."
        raise ScheduleRefused(sentence, [{"path": "/time_zone", "message": sentence}]) from None


def _values(field: str, text: str, count: int, least: int) -> frozenset[int]:
    part = NAMED_PART if field in FIELDS[3:] else PART
    from celery.schedules import ParseException, crontab_parser

    if not all(part.fullmatch(one) for one in text.split(",")):
        raise _refused(f"{text!r} is no {field} of a cron expression.")
    try:
        return frozenset(crontab_parser(count, least).parse(text.lower()))
    except (ValueError, ParseException) as error:
        raise _refused(f"{text!r} is no {field} of a cron expression: {error}") from None


def _refused(sentence: str) -> ScheduleRefused:
    return ScheduleRefused(sentence, [{"path": "/cron", "message": sentence}])
