"""README and docs: what they point to is there, and their Python is Python."""

import ast
import re
from pathlib import Path

import pytest

from config.home import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\((?!https?://)([^)#]+)")
BLOCK = re.compile(r"```python\n(.*?)```", re.S)
SOURCE = re.compile(r"`((?:agents|reviews|demo|tests|console|config|workspaces)/[\w/]+\.(?:py|md))`")


def name(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_and_named_files_exist(page: Path) -> None:
    text = page.read_text()
    missing = [link for link in LINK.findall(text) if not (page.parent / link).exists()]
    missing += [source for source in SOURCE.findall(text) if not (ROOT / source).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_python_in_the_docs_is_python(page: Path) -> None:
    for block in BLOCK.findall(page.read_text()):
        ast.parse(block)


def test_every_page_is_linked_from_the_readme() -> None:
    linked = set(LINK.findall((ROOT / "README.md").read_text()))
    assert {f"docs/{page.name}" for page in PAGES[1:]} <= linked
