"""One virtual clock for the database and for every simulated process: it stands still until it is moved."""

import time
from types import SimpleNamespace

from django.db import connection

from agents.runtime import clock

# `now()` without a schema is found in the first schema of the search path, before PostgreSQL's own.
SHADOWS = """
CREATE SCHEMA IF NOT EXISTS clock;
CREATE TABLE clock.reading (at timestamptz NOT NULL);
INSERT INTO clock.reading VALUES (pg_catalog.now());
CREATE FUNCTION clock.now() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT at FROM clock.reading';
CREATE FUNCTION clock.statement_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT at FROM clock.reading';
CREATE FUNCTION clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT at FROM clock.reading';
"""


class VirtualClock:
    """Moves only by `forward`; `install` puts it where the runtime and this database look."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def install(self, monkeypatch) -> None:
        """Shadow the clocks of this database and of `agents.runtime.clock`."""
        name = connection.settings_dict["NAME"]
        with connection.cursor() as cursor:
            cursor.execute(SHADOWS)
            cursor.execute(f'ALTER DATABASE "{name}" SET search_path = clock, pg_catalog, public')
        connection.close()
        connection.close_pool()
        mine = SimpleNamespace(
            clock_gettime=lambda _: self.seconds, CLOCK_BOOTTIME=time.CLOCK_MONOTONIC, CLOCK_MONOTONIC=0
        )
        monkeypatch.setattr(clock, "time", mine)

    def forward(self, seconds: float) -> None:
        """Time passes, for everybody."""
        self.seconds += seconds
        with connection.cursor() as cursor:
            cursor.execute("UPDATE clock.reading SET at = at + %s * interval '1 s'", [seconds])
