"""Where services live: never touching what is not ours."""

import os
import stat
from pathlib import Path

import pytest

from config.embedded import places
from config.embedded.places import MAX_SOCKET_PATH, CannotStart, Place, home_directory, own_directory
from tests.plugin import temporary_home


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_sockets_lie_in_a_directory_that_only_the_services_can_enter() -> None:
    with temporary_home() as home:
        assert mode(Place(home).run) == 0o700


def test_sockets_of_a_deep_home_have_a_short_path() -> None:
    with temporary_home() as home:
        place = Place(home_directory(home / ("deep" * 40)))
        try:
            assert len(str(place.run / ".s.PGSQL.5432")) <= MAX_SOCKET_PATH
            assert Place(place.home).run == place.run
        finally:
            place.run.rmdir()


def test_a_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").symlink_to(tmp_path)

    with pytest.raises(CannotStart, match="belongs to somebody else"):
        own_directory(tmp_path / "run", 0o700)


def test_a_home_that_was_there_before_keeps_its_permissions(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)

    home_directory(tmp_path)

    assert mode(tmp_path) == 0o750


def test_binaries_run_from_where_they_are_installed() -> None:
    with temporary_home() as home:
        directory, package = places.postgres_binaries()

        assert Place(home).runnable(directory / "postgres", root=package).name == "postgres"
        assert (home / "binaries").exists() is not places.is_runnable(directory / "postgres", Place(home).user)


def test_where_nobody_cannot_walk_is_found_out(tmp_path: Path) -> None:
    (tmp_path / "private").mkdir(mode=0o700)
    (tmp_path / "private" / "home").mkdir(mode=0o755)

    assert not places.is_traversable(tmp_path / "private" / "home")
    assert places.is_traversable(Path("/"))


def test_the_services_user_is_never_root() -> None:
    user = Place(Path("/nonexistent")).user

    assert (user is not None) is (os.geteuid() == 0)
