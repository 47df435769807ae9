"""`manage.py up`: the whole product from nothing. Standard library only; Django runs in the children."""

import argparse
import http.client
import json
import os
import socket
import sys
import time
from pathlib import Path
from typing import Any

from config import home as homes
from config.embedded.children import Child
from config.embedded.logs import IMPORTANT_OF_SERVICES, Log, say
from config.embedded.places import CannotStart, Place, home_directory
from config.embedded.services import OWNER, Postgres, Valkey
from config.embedded.supervisor import Stopped, Supervisor
from config.lock import take_lock
from config.preparation import Preparation

PROGRAMS = ("web", "worker", "sweep")
SERVICES = ("valkey", "postgres")
DEMO = homes.ROOT / "demo" / "management" / "commands" / "demo.py"


def main(arguments: list[str]) -> None:
    """Start everything, stay until a signal, stop everything."""
    try:
        Installation(Path(os.environ["COUNTERSIGN_HOME"]), options_of(arguments)).run()
    except CannotStart as error:
        sys.exit(f"manage.py up: {error}")


def options_of(arguments: list[str]) -> argparse.Namespace:
    """The command line; --home has been taken out of it before."""
    parser = argparse.ArgumentParser("manage.py up", description="Start database, broker, web, worker and sweep.")
    parser.add_argument("--port", type=int, default=8000, help="where the pages are; 0 takes a free one (%(default)s)")
    parser.add_argument("--home", metavar="DIR", help="where everything is kept (var)")
    parser.add_argument("--no-demo", dest="demo", action="store_false", help="without the demo's people and shop")
    return parser.parse_args(arguments)


class Installation:
    """One home, from its lock to the last child's end."""

    def __init__(self, directory: Path, options: argparse.Namespace) -> None:
        self.began = time.monotonic()
        self.place = Place(home_directory(directory))
        self.home = self.place.home
        self.with_demo = options.demo and DEMO.exists()
        self.lock = take_lock(self.home)
        self.listener = listen(options.port)
        self.port = self.listener.getsockname()[1]
        self.url = os.environ.get("PUBLIC_URL") or f"http://127.0.0.1:{self.port}"
        self.lock.write_url(self.url)
        self.supervisor = Supervisor(self.home / "logs", holding=[self.lock.fileno()])
        self.services: dict[str, str] = {}
        self.new_database = True  # one that we do not run may have been replaced at any time

    def run(self) -> None:
        """Start, watch, stop."""
        say(f"Countersign keeps its data in {self.home}")
        if link := self.place.link_to_state():
            say(f"PostgreSQL and Valkey run as {self.place.user}, who cannot go there; theirs is {link.readlink()}")
        try:
            self.start_services()
            self.prepare()
            self.start_programs()
            self.supervisor.run()
        except Stopped:
            say("Stopping")
        finally:
            self.stop()

    def start_services(self) -> None:
        """PostgreSQL and Valkey, unless the environment names others."""
        if "DATABASE_URL" not in os.environ:
            self.start_postgres(Postgres(self.place))
        if "BROKER_URL" not in os.environ:
            self.start_valkey(Valkey(self.place))
        homes.write_private(self.home / "environment.json", json.dumps({**self.services, "PUBLIC_URL": self.url}))

    def start_postgres(self, postgres: Postgres) -> None:
        """Nothing works without a database, so wait for it."""
        self.new_database = postgres.prepare()
        kept = self.supervisor.keep(postgres.child(), Log(self.supervisor.logs, "postgres", IMPORTANT_OF_SERVICES))
        if not self.supervisor.until(postgres.is_ready, seconds=60):
            raise CannotStart(f"PostgreSQL did not start; {kept.log.path} says:\n{kept.log.last_lines(5)}")
        postgres.create_roles()
        self.services |= {"DATABASE_URL": postgres.url(), "DATABASE_OWNER_URL": postgres.url(OWNER)}
        self.tell("PostgreSQL is ready")

    def start_valkey(self, valkey: Valkey) -> None:
        """Without a broker everything is only slower, so do not insist."""
        valkey.prepare()
        kept = self.supervisor.keep(valkey.child(), Log(self.supervisor.logs, "valkey", IMPORTANT_OF_SERVICES))
        self.services["BROKER_URL"] = valkey.url()
        ready = self.supervisor.until(valkey.is_ready, seconds=5)
        self.tell("Valkey is ready" if ready else f"Valkey is not ready yet, see {kept.log.path}; going on without it")

    def prepare(self) -> None:
        """Tables and static files, when something about them changed."""
        preparation = Preparation(self.home, with_demo=self.with_demo)
        for command, sentence in preparation.commands(new_database=self.new_database):
            self.command(*command)
            self.tell(sentence)
        preparation.finished()

    def start_programs(self) -> None:
        """Web, worker and sweep; the web process gets our socket, so that its restarts refuse nobody."""
        descriptor = self.listener.fileno()
        self.supervisor.keep(self.program("web", "--fd", str(descriptor), pass_fds=(descriptor,)))
        self.supervisor.keep(self.program("worker"))
        self.supervisor.keep(self.program("sweep"))
        links = self.demo_links() if self.with_demo else self.first_admin_link()
        self.wait_for_web()
        self.tell(f"web, worker and sweep run; press Ctrl-C to stop them\n\n    {self.url}\n{links}")

    def wait_for_web(self) -> None:
        """Until the pages are there."""
        [web] = [kept for kept in self.supervisor.kept if kept.child.name == "web"]
        if not self.supervisor.until(lambda: is_ready(self.port) or web.starts > 2, seconds=90) or web.starts > 2:
            raise CannotStart(f"The web process does not start; {web.log.path} says:\n{web.log.last_lines(5)}")

    def demo_links(self) -> str:
        """Where each demo person signs in; HOME/demo.json has the same for scripts."""
        output = self.command("demo")
        made: dict[str, Any] = json.loads(output.splitlines()[-1])
        homes.write_private(self.home / "demo.json", json.dumps({"url": self.url, **made}, indent=2))
        return "".join(
            f"\n    {person['name']:16} {person['role']:10} {person['sign_in']}" for person in made["people"]
        )

    def first_admin_link(self) -> str:
        """The link for an empty installation; nothing where there is an admin."""
        _, output = self.supervisor.once(self.program("first_admin_link"))
        link = output.decode(errors="replace").strip()
        return f"\n    Create the first admin (once): {link}" if link.startswith("http") else ""

    def command(self, *arguments: str) -> str:
        """Run a management command to its end; what it printed."""
        code, output = self.supervisor.once(self.program(*arguments))
        if code:
            raise CannotStart(f"`manage.py {arguments[0]}` failed ({code}); {self.report(arguments[0], output)}")
        return output.decode(errors="replace").strip()

    def report(self, name: str, output: bytes) -> str:
        """Where everything is that a failed command said, and the end of it."""
        log = Log(self.supervisor.logs, name)
        log.write(output)
        log.close()
        return f"{log.path} says:\n{log.last_lines(10)}"

    def program(self, name: str, *arguments: str, pass_fds: tuple[int, ...] = ()) -> Child:
        """A management command as a child, with everything that it has to know in its environment."""
        environment = {
            **self.services,
            "COUNTERSIGN_HOME": str(self.home),
            "SECRET_KEY": os.environ.get("SECRET_KEY") or homes.secret_key(self.home),
            "PUBLIC_URL": self.url,
            "DEMO": "1" if self.with_demo else "0",
            "PYTHONUNBUFFERED": "1",
            "LOG_FORMAT": os.environ.get("LOG_FORMAT", "text"),  # the files in HOME/logs are read by people
        }
        command = [sys.executable, str(homes.ROOT / "manage.py"), name, *arguments]
        return Child(name, command, environment=environment, pass_fds=pass_fds)

    def stop(self) -> None:
        """Programs first, then what they stand on."""
        self.supervisor.stop(PROGRAMS, seconds=8)
        self.supervisor.stop(SERVICES, seconds=15)
        (self.home / "environment.json").unlink(missing_ok=True)
        self.supervisor.close()

    def tell(self, sentence: str) -> None:
        """Progress, with the time since the start."""
        say(f"{time.monotonic() - self.began:6.1f} s  {sentence}")


def listen(port: int) -> socket.socket:
    """Our port; held by the supervisor, so that a restarted web process finds it again."""
    try:
        return socket.create_server(("127.0.0.1", port), backlog=1024)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CannotStart(f"Port {port} cannot be used ({reason}); choose another with --port.") from error
    except OverflowError as error:
        raise CannotStart(f"{port} is no port; choose one from 1 to 65535 with --port.") from error


def is_ready(port: int) -> bool:
    """Whether all three programs work; what waited while the installation was off may still be waiting."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=0.5)
    try:
        connection.request("GET", "/readyz")
        answer = json.loads(connection.getresponse().read())
        return bool(answer.get("workers") and answer.get("sweeps"))
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()
