"""Services and processes of one battle, each by name: killed, paused, asked to end, and started again."""

import signal
from collections import Counter
from pathlib import Path

import psutil

from config.embedded.children import Watch, stop
from config.embedded.places import Place
from config.embedded.services import Postgres, Valkey
from tests.nemesis.disk import Disk
from tests.plugin import started

CREW = {
    "worker-1": "worker", "worker-2": "worker", "worker-3": "worker", "sweep-1": "sweep", "sweep-2": "sweep",
    "web-1": "web", "web-2": "web",
}  # fmt: skip


SMALL_CREW = {name: program for name, program in CREW.items() if name in ("worker-1", "worker-2", "sweep-1", "web-1")}
SETTINGS = ["--max_connections=100", "--max_wal_size=192MB", "--min_wal_size=80MB"]  # the disk is small


class Services:
    """PostgreSQL and Valkey on a home of their own, for this battle alone."""

    def __init__(self, home: Path, *, own_disk: bool):
        self.home, self.watch, self.disk = home, Watch(), Disk(home) if own_disk else None
        self.postgres, self.valkey = Postgres(Place(home)), Valkey(Place(home))
        self.postgres.prepare()
        self.start_postgres()
        self.postgres.create_roles()
        self.start_valkey()

    def start_postgres(self) -> None:
        child = self.postgres.child()
        child.command += SETTINGS
        self.server = started(child, self.home, self.watch, self.postgres.is_ready)

    def start_valkey(self) -> None:
        self.valkey.prepare()
        self.broker = started(self.valkey.child(), self.home, self.watch, self.valkey.is_ready)

    def restart_postgres(self) -> None:
        """What `pg_ctl -m immediate restart` does: no shutdown, recovery from the log."""
        self.server.send(signal.SIGQUIT)
        self._start_postgres_again()

    def tend(self, is_hurt: bool) -> None:
        """A server that gave up, as it does without room for its log, is started once it can live again."""
        if not (self.server.is_running or is_hurt):
            self._start_postgres_again()

    def _start_postgres_again(self) -> None:
        self.server.wait()
        self.server.bury(self.watch)
        self.start_postgres()

    def end_valkey(self) -> None:
        self.broker.send(signal.SIGKILL)
        self.broker.wait()
        self.broker.bury(self.watch)

    def backends(self) -> list[psutil.Process]:
        """The server and its sessions."""
        assert self.server.popen
        server = psutil.Process(self.server.popen.pid)
        return [server, *server.children()]

    def close(self) -> None:
        stop([self.broker, self.server], self.watch, seconds=10)
        self.watch.close()


class Arena:
    """The product's processes: three workers, two sweeps, two webs."""

    def __init__(self, product, services: Services, crew: dict[str, str]):
        self.product, self.services, self.crew = product, services, crew
        self.generations: Counter[str] = Counter()
        self.down: set[str] = set()  # on purpose: nobody starts them but who took them down
        self.paused: set[str] = set()
        self.ended_alone: list[str] = []
        self.pids: dict[int, str] = {}

    def start(self, name: str, **environment: str) -> None:
        """Start it, or start it again."""
        if name in self.product.children:
            self.product.children[name].bury(self.product.watch)
        self.product.start(self.crew[name], name=name, **environment)
        self.generations[name] += 1
        self.pids[self.pid(name)] = name
        self.down.discard(name)
        self.paused.discard(name)

    def pid(self, name: str) -> int:
        return self.product.children[name].popen.pid

    def is_running(self, name: str) -> bool:
        return name in self.product.children and self.product.children[name].is_running

    def family(self, name: str) -> list[psutil.Process]:
        """The process and what it has started."""
        try:
            process = psutil.Process(self.pid(name))
            return [process, *process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def tend(self) -> None:
        """What ended without being told to is started again, as a supervisor would."""
        for name in self.crew:
            if name not in self.down and not self.is_running(name):
                code = self.product.children[name].popen.returncode
                self.ended_alone.append(f"{name} ended with {code}")
                self.start(name)
