"""When cron expressions are due, by the clocks of a place; a pure table."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from agents.cron import Cron, zone_of
from agents.exceptions import ScheduleRefused

BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("cron", "zone", "after", "following"),
    [
        ("0 7 * * *", "UTC", "2026-01-01T06:59", "2026-01-01T07:00"),
        ("0 7 * * *", "UTC", "2026-01-01T07:00", "2026-01-02T07:00"),
        ("0 7 * * *", BERLIN, "2026-01-01T07:00", "2026-01-02T06:00"),
        ("0 7 * * *", BERLIN, "2026-07-01T05:30", "2026-07-02T05:00"),
        ("*/15 9-17 * * mon-fri", "UTC", "2026-11-20T17:45", "2026-11-23T09:00"),
        ("0 0 1,15 * *", "UTC", "2026-01-02T00:00", "2026-01-15T00:00"),
        ("0 0 1 jan *", "UTC", "2026-01-02T00:00", "2027-01-01T00:00"),
        ("0 0 29 2 *", "UTC", "2096-02-29T00:00", "2104-02-29T00:00"),
        ("0 0 13 * 5", "UTC", "2026-11-14T00:00", "2026-11-20T00:00"),  # the 13th, or a Friday
        ("0 12 * * 7", "UTC", "2026-11-21T00:00", "2026-11-22T12:00"),
        ("30 2 * * *", BERLIN, "2026-03-28T12:00", "2026-03-29T01:30"),  # 2:30 is left out: 3:30 by the new clock
        ("30 2 * * *", BERLIN, "2026-03-29T01:30", "2026-03-30T00:30"),
        ("0 2,3 * * *", BERLIN, "2026-03-29T00:59", "2026-03-29T01:00"),
        ("30 2 * * *", BERLIN, "2026-10-24T12:00", "2026-10-25T00:30"),  # 2:30 comes twice: the first
        ("30 2 * * *", BERLIN, "2026-10-25T00:30", "2026-10-26T01:30"),
        ("30 * * * *", BERLIN, "2026-10-25T00:30", "2026-10-25T01:30"),  # every hour, whatever the clock says
    ],
)
def test_the_next_moment(cron: str, zone: str, after: str, following: str) -> None:
    found = Cron.read(cron).following(datetime.fromisoformat(after).replace(tzinfo=UTC), ZoneInfo(zone))
    assert found is not None and found.strftime("%Y-%m-%dT%H:%M") == following


def test_a_day_that_never_comes() -> None:
    assert Cron.read("0 0 31 2 *").following(datetime(2026, 1, 1, tzinfo=UTC), ZoneInfo("UTC")) is None


@pytest.mark.parametrize(
    ("cron", "sentence"),
    [
        ("", "this one has 0"),
        ("* * * * * *", "this one has 6"),
        ("@daily", "this one has 1"),
        ("60 * * * *", "'60' is no minute"),
        ("* 24 * * *", "no hour"),
        ("* * 0 * *", "no day of month"),
        ("* * * 13 *", "no month"),
        ("* * * * 8", "no day of week"),
        ("* * * * someday", "no day of week"),
        ("*/0 * * * *", "no minute"),
        ("jan * * * *", "no minute"),
        ("1, * * * *", "no minute"),
        ("1-5! * * * *", "no minute"),
        ("-1 * * * *", "no minute"),
        ("٣ * * * *", "no minute"),
    ],
)
def test_what_is_no_cron_expression_is_refused_by_field(cron: str, sentence: str) -> None:
    with pytest.raises(ScheduleRefused, match=sentence):
        Cron.read(cron)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "/etc/passwd", "Europe", "a\0b"])
def test_what_is_no_time_zone_is_refused(name: str) -> None:
    with pytest.raises(ScheduleRefused, match="no time zone"):
        zone_of(name)
