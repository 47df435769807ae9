"""Sets this process's wall clock wrong by NEMESIS_CLOCK_SHIFT seconds; the clocks that only count are left alone."""

import datetime
import os
import time

SHIFT = int(os.environ["NEMESIS_CLOCK_SHIFT"])
Real, real_time, real_time_ns = datetime.datetime, time.time, time.time_ns


class AnyDatetime(type):
    """What C code makes is a real datetime, and counts as one."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Real)

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, Real)


class Shifted(Real, metaclass=AnyDatetime):
    """A datetime whose `now` is off; all that it gives are real ones."""

    def __new__(cls, *args: object, **fields: object) -> Real:  # type: ignore[misc]
        return Real(*args, **fields)  # type: ignore[arg-type]

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Real:  # type: ignore[override]
        return Real.now(tz) + datetime.timedelta(seconds=SHIFT)

    @classmethod
    def utcnow(cls) -> Real:  # type: ignore[override]
        return cls.now(datetime.UTC).replace(tzinfo=None)

    @classmethod
    def today(cls) -> Real:  # type: ignore[override]
        return cls.now()


Shifted.__name__ = Shifted.__qualname__ = "datetime"
Shifted.__module__ = "datetime"
datetime.datetime = Shifted  # type: ignore[misc]
time.time = lambda: real_time() + SHIFT
time.time_ns = lambda: real_time_ns() + SHIFT * 10**9
