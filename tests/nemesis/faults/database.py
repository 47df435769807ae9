"""Faults of PostgreSQL: gone, hung, locked, out of room, out of connections, at odds with itself."""

import signal
import threading
import time
from contextlib import suppress

import psycopg

from config.embedded.services import APP, OWNER
from tests.nemesis.faults.hands import Hands, cmdline, signalled
from tests.nemesis.outside import now
from tests.nemesis.schedule import Fault

# The product locks run, tool call, approval; this goes the other way round.
UPHILL = """
  SELECT run_id FROM agents_toolcall WHERE status IN ('waiting', 'ready', 'executing') ORDER BY random() LIMIT 12
  FOR UPDATE"""


class OfTheDatabase(Hands):
    """PostgreSQL and the disk below it."""

    def _kill_database_session(self, fault: Fault):
        """SIGKILL to one session: the server ends all of them and recovers."""
        if self.database_is_hurt:
            return False
        mine = [session for session in self.services.backends()[1:] if "countersign_app" in " ".join(cmdline(session))]
        if not mine:
            return False
        self.restarts.append(now())
        return signalled([mine[fault.which % len(mine)]], signal.SIGKILL)

    def _restart_database_immediately(self, fault: Fault):
        if self.database_is_hurt:
            return False
        self.services.restart_postgres()
        self.restarts.append(now())
        return None

    def _pause_database(self, fault: Fault):
        if self.database_is_hurt:
            return False
        self.database_is_hurt = True
        processes = self.services.backends()
        signalled(processes, signal.SIGSTOP)

        def go_on() -> None:
            signalled(processes, signal.SIGCONT)
            self.database_is_hurt = False

        return go_on

    def _hold_a_lock(self, fault: Fault):
        """Somebody's open transaction holds rows, or a whole table."""
        if self.database_is_hurt:
            return False
        locks = [
            "SELECT FROM agents_run WHERE status IN ('running', 'queued', 'waiting') LIMIT 20 FOR UPDATE",
            "LOCK TABLE agents_toolcall IN EXCLUSIVE MODE",
            "SELECT FROM workspaces_switch FOR UPDATE",
        ]
        try:
            holder = psycopg.connect(self._url(), connect_timeout=2)
            holder.execute("SET lock_timeout = '1s'")
            holder.execute(locks[fault.which % len(locks)])
        except psycopg.Error:
            return False
        self.database_is_hurt = True

        def let_go() -> None:
            holder.close()
            self.database_is_hurt = False

        return let_go

    def _url(self, role: str = OWNER) -> str:
        return self.services.postgres.url(role, self.arena.product.database)

    def _fill_the_disk(self, fault: Fault):
        """Not a byte is left where the database and the logs lie; only possible where the battle has a disk to fill."""
        if self.database_is_hurt or not (self.services.disk and self.services.disk.is_own):
            return False
        self.database_is_hurt = True
        self.services.disk.fill()

        def free() -> None:
            self.services.disk.free()
            self.database_is_hurt = False

        return free

    def _use_up_all_connections(self, fault: Fault):
        """Somebody else takes every connection that the server gives to the product's role."""
        if self.database_is_hurt:
            return False
        taken = []
        with suppress(psycopg.Error):
            while len(taken) < 500:
                taken.append(psycopg.connect(self._url(APP), connect_timeout=2))
        self.database_is_hurt = True

        def give_back() -> None:
            for connection in taken:
                connection.close()
            self.database_is_hurt = False

        return give_back

    def _lock_in_the_other_order(self, fault: Fault):
        """For so long somebody locks calls before runs, so that the server has to break deadlocks."""
        if self.database_is_hurt:
            return False
        until = time.monotonic() + fault.seconds
        threading.Thread(target=self._go_uphill, args=[until], daemon=True).start()
        return None

    def _go_uphill(self, until: float) -> None:
        while time.monotonic() < until:
            with suppress(psycopg.Error), psycopg.connect(self._url(), connect_timeout=2) as connection:
                runs = [run for (run,) in connection.execute(UPHILL).fetchall()]
                time.sleep(0.1)
                connection.execute("SELECT FROM agents_run WHERE id = ANY(%s) FOR UPDATE", [runs])

    def _refuse_some_writes(self, fault: Fault):
        """One write in ten of runs, calls and deliveries fails as if it could not be serialized, or in a deadlock."""
        if self.database_is_hurt or not self._trouble(0.1):
            return False

        def stop() -> None:
            if not self._trouble(0):
                self.later(0.3, stop)

        return stop

    def _trouble(self, share: float) -> bool:
        try:
            with psycopg.connect(self._url(), connect_timeout=2) as connection:
                connection.execute("UPDATE nemesis.trouble SET share = %s", [share])
        except psycopg.Error:
            return False
        return True
