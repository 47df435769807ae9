"""The product as real processes, on a database of its own, for journeys and crash tests."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

from django.conf import settings
from django.db import connection

from agents.runtime import version
from agents.runtime.budgets import limits
from config.embedded.children import Child, Watch, stop
from config.embedded.services import APP
from config.home import ROOT
from reviews import gate

MANAGE = [sys.executable, str(ROOT / "manage.py")]
SECRET_KEY = "a key for tests"
# What a process remembers by the keys of rows: another database may give the same key to another row.
REMEMBERED = [
    version.load,
    version.catalogue,
    version.recorded_catalogue,
    version.recording,
    gate.rules_in_force,
    limits,
]


class Product:
    """Web, worker and sweep, each started, killed and stopped by name; this process's ORM sees the same database.

    Processes connect as the app's role and keep their logs in `home`. Settings of a process are named when it starts:
    `product.start("worker", GATE="agents.runtime.gate.AllowAll")`.
    """

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self.environment = environment
        self.children: dict[str, Child] = {}
        self.template = str(connection.settings_dict["NAME"])
        self.database = f"product_{uuid4().hex[:12]}"
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def __enter__(self) -> "Product":
        self.watch = Watch()
        self._move_to("postgres")
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{self.database}" TEMPLATE "{self.template}"')
        self._move_to(self.database)
        return self

    def __exit__(self, *exception: object) -> None:
        for child in self.children.values():
            child.bury(self.watch)
        self.watch.close()
        self.listener.close()
        self._move_to("postgres")
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{self.database}" WITH (FORCE)')
        self._move_to(self.template)

    def start(self, program: str, *, name: str = "", **environment: str) -> None:
        """Start `web`, `worker` or `sweep`; several of one program need names."""
        if program == "web":
            collect_static_files()
        child = self._child(program, name or program, environment)
        with self._log(child.name).open("ab") as output:
            child.start(self.watch, output)
        self.children[child.name] = child

    def kill(self, name: str) -> None:
        """SIGKILL to the process alone; what it started has to notice by itself."""
        self.signal(name, signal.SIGKILL)
        self.children[name].wait()

    def signal(self, name: str, number: signal.Signals) -> None:
        """SIGSTOP, SIGCONT and the like."""
        self.children[name].send(number)

    def stop(self, name: str, seconds: float = 20) -> None:
        """Ask the process to end, and wait."""
        stop([self.children.pop(name)], self.watch, seconds)

    def log(self, name: str) -> str:
        """What the process wrote."""
        return self._log(name).read_text(errors="replace")

    def wait_until[Found](self, condition: Callable[[], Found], seconds: float = 30) -> Found:
        """What the condition gives when it gives something true; until then ask again and again."""
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < deadline, f"it never happened; the logs say\n{self._last_words()}"
            time.sleep(0.02)
        return found

    def _child(self, program: str, name: str, environment: dict[str, str]) -> Child:
        parts = {"user": APP, "host": connection.settings_dict["HOST"], "port": connection.settings_dict["PORT"]}
        known = {
            "DATABASE_URL": f"postgresql:///{self.database}?" + urlencode({k: v for k, v in parts.items() if v}),
            "BROKER_URL": settings.BROKER_URL,
            "PUBLIC_URL": self.url,
            "SECRET_KEY": SECRET_KEY,
        }
        arguments = ["--fd", str(self.listener.fileno())] if program == "web" else []
        return Child(
            name,
            [*MANAGE, program, *arguments],
            environment={**known, **self.environment, **environment},
            pass_fds=(self.listener.fileno(),) if program == "web" else (),
        )

    def _log(self, name: str) -> Path:
        return self.home / f"{name}.log"

    def _last_words(self) -> str:
        return "\n".join(f"--- {name}\n{self.log(name)[-2000:]}" for name in self.children)

    def _move_to(self, database: str) -> None:
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]
        connection.settings_dict["NAME"] = database
        for remembered in REMEMBERED:
            remembered.cache_clear()


def collect_static_files() -> None:
    """Once a test run, for the web processes of all its products."""
    if not (settings.STATIC_ROOT / "staticfiles.json").exists():
        subprocess.run([*MANAGE, "collectstatic", "--no-input", "-v", "0"], env=dict(os.environ), check=True)
