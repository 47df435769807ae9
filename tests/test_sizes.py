"""Files stay small enough to be read in one go (docs and generated migrations aside)."""

from pathlib import Path

import pytest

from config.home import ROOT

APPS = ("config", "workspaces", "tracing", "agents", "reviews", "console", "demo", "tests", "bench")
PYTHON, TEMPLATE, SCRIPT, ALL_SCRIPTS = 300, 60, 150, 1500


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def longer(folder: str, pattern: str, limit: int) -> dict[str, int]:
    """The files of a folder beyond the limit."""
    found = {str(path.relative_to(ROOT)): lines(path) for path in (ROOT / folder).rglob(pattern)}
    return {name: count for name, count in found.items() if count > limit and "/migrations/" not in name}


@pytest.mark.parametrize("app", APPS)
def test_modules_are_short(app: str) -> None:
    assert longer(app, "*.py", PYTHON) == {}


def test_templates_are_short() -> None:
    assert longer("templates", "*.html", TEMPLATE) == {}


def test_scripts_are_short() -> None:
    scripts = list((ROOT / "static").rglob("*.js"))

    assert longer("static", "*.js", SCRIPT) == {}
    assert sum(lines(script) for script in scripts) < ALL_SCRIPTS
