"""Two clocks: the database's time, told between statements by the boot clock, which neither NTP nor sleep moves."""

import time
from datetime import UTC, datetime


def boot() -> float:
    """Seconds on CLOCK_BOOTTIME, which also runs while the machine sleeps (monotonic where there is none)."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class DatabaseClock:
    """The database's time now, from one answer of it and the boot clock. A worker's own wall clock decides nothing."""

    __slots__ = ("offset", "seen")

    def __init__(self, database_now: float):
        self.set(database_now)

    def set(self, database_now: float) -> None:
        """Go by this answer of the database from now on."""
        self.offset = database_now - boot()
        self.look()

    def look(self) -> None:
        """Take the time that counts until the next look, for what is judged more than once and must not change."""
        self.seen = self.now()

    def now(self) -> float:
        return boot() + self.offset

    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC)
