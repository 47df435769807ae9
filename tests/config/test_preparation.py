"""When an installation is prepared again."""

from pathlib import Path

import pytest

from config.preparation import Preparation

MIGRATE, COLLECT = ("migrate", "--no-input"), ("collectstatic", "--no-input", "--clear")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that was prepared without the demo."""
    (tmp_path / "static").mkdir()
    Preparation(tmp_path, with_demo=False).finished()
    return tmp_path


def commands(home: Path, *, with_demo: bool = False, new_database: bool = False) -> list[tuple[str, ...]]:
    preparation = Preparation(home, with_demo=with_demo)
    return [command for command, _ in preparation.commands(new_database=new_database)]


def test_nothing_is_done_twice(home: Path) -> None:
    assert commands(home) == []


def test_a_new_database_gets_its_tables(home: Path) -> None:
    assert commands(home, new_database=True) == [MIGRATE]


def test_a_home_that_gets_the_demo_later_gets_its_tables_then(home: Path) -> None:
    assert commands(home, with_demo=True) == [MIGRATE, COLLECT]
