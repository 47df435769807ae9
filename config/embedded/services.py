"""Embedded PostgreSQL and Valkey: how each is prepared, started and known to be ready."""

import shutil
import signal
import subprocess
from functools import cached_property
from pathlib import Path

from config.embedded.children import Child, as_user
from config.embedded.places import CannotStart, Place, own_directory, postgres_binaries, valkey_binary

OWNER = "countersign"  # superuser: owns the tables, runs migrations
APP = "countersign_app"  # owns nothing and cannot bypass row-level security: web, worker and sweep
DATABASE = "countersign"

POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "idle_in_transaction_session_timeout": "60s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}

ROLES = f"""
    SELECT 'CREATE ROLE {APP} LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP}') \\gexec
    SELECT 'CREATE DATABASE {DATABASE} OWNER {OWNER}'
        WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{DATABASE}') \\gexec
"""


class Postgres:
    """One database server on a Unix socket that only its user (and root) can reach."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.directory = place.state / "postgres"

    def url(self, role: str = APP, database: str = DATABASE) -> str:
        """How that role reaches that database."""
        return f"postgresql://{role}@/{database}?host={self.place.run}"

    def prepare(self) -> bool:
        """Make the cluster if there is none (then True); a half-made one never gets the final name."""
        if not self.directory.exists():
            self._initialise()
            return True
        if (version := (self.directory / "PG_VERSION").read_text().strip()) != self._major:
            raise CannotStart(
                f"{self.directory} was made by PostgreSQL {version} and this is {self._major}; "
                "dump it with the old version, or name another --home DIR."
            )
        return False

    def child(self) -> Child:
        """The server; SIGINT is its fast shutdown, which ends sessions and leaves nothing to recover."""
        settings = [f"--{name}={value}" for name, value in POSTGRES_SETTINGS.items()]
        command = [str(self.binaries / "postgres"), "-D", str(self.directory), "-k", str(self.place.run), *settings]
        return Child("postgres", command, user=self.place.user, stop_signal=signal.SIGINT, death_signal=signal.SIGINT)

    def is_ready(self) -> bool:
        """PostgreSQL writes its state to the eighth line of this file, which is what pg_ctl reads, too."""
        try:
            lines = (self.directory / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def create_roles(self) -> None:
        """Create role and database where they are missing."""
        self._run("psql", "-h", str(self.place.run), "-U", OWNER, "-d", "postgres", "-qX", script=ROLES)

    @cached_property
    def binaries(self) -> Path:
        directory, package = postgres_binaries()
        return self.place.runnable(directory / "postgres", root=package).parent

    @cached_property
    def _major(self) -> str:
        return self._run("postgres", "--version").split()[-1].split(".")[0]

    def _initialise(self) -> None:
        unfinished = self.directory.with_name("postgres.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        own_directory(unfinished, 0o700, self.place.user)
        self._run("initdb", "-D", str(unfinished), "-U", OWNER, "--auth=trust", "--encoding=UTF8", "--no-locale")
        unfinished.rename(self.directory)

    def _run(self, program: str, *arguments: str, script: str | None = None) -> str:
        ran = subprocess.run(
            [str(self.binaries / program), *arguments],
            input=script or "",
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            **as_user(self.place.user),
        )
        if ran.returncode:
            raise CannotStart(f"PostgreSQL's {program} failed: {ran.stderr.strip() or ran.stdout.strip()}")
        return ran.stdout


class Valkey:
    """The broker on a Unix socket; it keeps its queue over restarts, and nothing depends on that."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.socket = place.run / "valkey.sock"

    def url(self, number: int = 0) -> str:
        """How Celery reaches it."""
        return f"redis+socket://{self.socket}?virtual_host={number}"

    def prepare(self) -> None:
        """Make its directory and forget the socket of a server that was killed."""
        self.place.service_directory("valkey")
        self.socket.unlink(missing_ok=True)

    def child(self) -> Child:
        """The server."""
        found, directory = valkey_binary()
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.place.state / "valkey"),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        command = [str(self.place.runnable(found, root=directory)), *options]
        return Child("valkey", command, user=self.place.user, death_signal=signal.SIGTERM)

    def is_ready(self) -> bool:
        """The socket appears when it listens."""
        return self.socket.exists()
