"""How a command settles in a home."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from config import home


@pytest.mark.parametrize(
    ("given", "rest", "directory"),
    [
        (["worker", "--home", "/a"], ["worker"], "/a"),
        (["--home=/a", "worker", "--concurrency", "2"], ["worker", "--concurrency", "2"], "/a"),
        (["worker"], ["worker"], ""),
    ],
)
def test_every_command_takes_home(given: list[str], rest: list[str], directory: str) -> None:
    assert home.without_home(given) == (rest, directory)


def test_a_command_joins_the_installation_that_runs_in_its_home(tmp_path: Path) -> None:
    known = {"DATABASE_URL": "app", "DATABASE_OWNER_URL": "owner", "BROKER_URL": "broker", "PUBLIC_URL": "url"}
    home.write_private(tmp_path / "environment.json", json.dumps(known))

    assert joined(tmp_path, "worker") == known | {"DATABASE_CONNECTIONS": ""}
    assert joined(tmp_path, "migrate") == known | {"DATABASE_CONNECTIONS": "0", "DATABASE_URL": "owner"}


def test_a_database_named_outside_is_not_mixed_with_that_of_the_home(tmp_path: Path) -> None:
    home.write_private(tmp_path / "environment.json", json.dumps({"DATABASE_OWNER_URL": "owner", "BROKER_URL": "b"}))

    found = joined(tmp_path, "migrate", DATABASE_URL="mine")

    assert (found["DATABASE_URL"], found["DATABASE_OWNER_URL"], found["BROKER_URL"]) == ("mine", "", "b")


def test_the_secret_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    key = home.secret_key(tmp_path)

    assert home.secret_key(tmp_path) == key
    assert len(key) > 50
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def joined(directory: Path, command: str, **environment: str) -> dict[str, str]:
    """The environment of a command after it has settled and joined."""
    names = ["DATABASE_URL", "DATABASE_OWNER_URL", "BROKER_URL", "PUBLIC_URL", "DATABASE_CONNECTIONS"]
    script = f"""
import json, os
from config import home
home.settle([{command!r}, "--home", {str(directory)!r}])
home.join({command!r})
print(json.dumps({{name: os.environ.get(name, "") for name in {names!r}}}))
"""
    inherited = {name: value for name, value in os.environ.items() if name not in names}
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=home.ROOT, env=inherited | environment, capture_output=True, check=True
    )
    found: dict[str, str] = json.loads(ran.stdout)
    return found
