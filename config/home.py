"""The home directory of an installation: what it holds, and how a command settles in it."""

import json
import os
import secrets
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = {"web", "worker", "sweep"}
OWNER_COMMANDS = {"migrate", "seed"}  # they change tables or their statistics, so they connect as their owner
DATABASE_NAMES = ("DATABASE_URL", "DATABASE_OWNER_URL")


def settle(arguments: list[str]) -> list[str]:
    """Take --home out of a command's arguments and into the environment."""
    arguments, directory = without_home(arguments)
    os.environ["COUNTERSIGN_HOME"] = str(
        Path(directory or os.environ.get("COUNTERSIGN_HOME") or ROOT / "var").absolute()
    )
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    return arguments


def join(command: str) -> None:
    """Let a command work beside the `up` that runs in this home: same database, broker, address and key."""
    try:
        for name, value in known_in(Path(os.environ["COUNTERSIGN_HOME"])).items():
            os.environ.setdefault(name, value)
    except PermissionError as error:
        sys.exit(f"manage.py: {error.filename} belongs to somebody else; name a home of your own with --home DIR.")
    if command not in PROGRAMS:
        os.environ.setdefault("DATABASE_CONNECTIONS", "0")  # no pool: a database that is not there is told at once
    if command in OWNER_COMMANDS and "DATABASE_OWNER_URL" in os.environ:
        os.environ["DATABASE_URL"] = os.environ["DATABASE_OWNER_URL"]


def without_home(arguments: list[str]) -> tuple[list[str], str]:
    """The arguments without --home DIR (or --home=DIR), and DIR."""
    rest, directory = [], ""
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--home":
            directory = next(remaining, "") or sys.exit("manage.py: --home needs a directory.")
        elif argument.startswith("--home="):
            directory = argument.partition("=")[2]
        else:
            rest.append(argument)
    return rest, directory


def known_in(home: Path) -> dict[str, str]:
    """What a running `up` has recorded, and the secret key; a database named outside is not mixed with ours."""
    known = read_json(home / "environment.json")
    if "DATABASE_URL" in os.environ:
        known = {name: value for name, value in known.items() if name not in DATABASE_NAMES}
    if (home / "secret_key").is_file():
        known["SECRET_KEY"] = (home / "secret_key").read_text()
    return known


def secret_key(home: Path) -> str:
    """The key that signs sessions, made once."""
    path = home / "secret_key"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(50))
    return path.read_text()


def write_private(path: Path, text: str) -> None:
    """Write a file that only we may read; nobody ever sees half of it."""
    unfinished = path.with_name(path.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    unfinished.rename(path)


def read_json(path: Path) -> dict[str, Any]:
    """The object in a file of ours, or an empty one."""
    try:
        return dict(json.loads(path.read_text()))
    except (FileNotFoundError, ValueError):
        return {}
