"""Templates, style sheets, scripts and drawings: strict, small, and nothing that nobody uses."""

import re
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template
from django_htmx import jinja
from servestatic.compress import Compressor

from config.home import ROOT
from console.keys import KEYS
from console.rail import ENTRIES
from console.steps import ICONS

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
OURS = [path for path in TEMPLATES if "admin" not in path.parts]
STYLES, SCRIPTS = ROOT / "static" / "css", ROOT / "static" / "js"
OF_A_PAGE = {
    "review.css",
    "batch.css",
    "fork.css",
    "record.css",
    "run.css",
    "runs.css",
    "agents.css",
    "govern.css",
    "insights.css",
    "legend.css",
    "sign_in.css",
    "admin.css",
}
HTMX = Path(jinja.__file__).parent / "static" / "django_htmx" / "htmx-2.min.js"


def name(path: Path) -> str:
    return str(path.relative_to(ROOT / "templates"))


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_a_template_compiles_and_obeys_the_policy(path: Path) -> None:
    get_template(name(path))
    text = path.read_text()

    assert not re.search(r"<style|\sstyle=|\son\w+=|hx-on|javascript:", text)
    assert not re.search(r"<script(?![^>]* src=)", text)
    assert "|safe" not in text and "autoescape off" not in text


def test_every_drawing_is_there_and_used() -> None:
    sprite = (ROOT / "static" / "sprite.svg").read_text()
    there = set(re.findall(r'<symbol id="(\w+)"', sprite))
    text = "\n".join(path.read_text() for path in TEMPLATES)
    used = set(re.findall(r'{% icon(?:_in)? "(\w+)"', text)) | set(re.findall(r'drawing="(\w+)"', text))
    used |= (
        {drawing for drawing, _ in ICONS.values()}
        | {entry.drawing for entry in ENTRIES}
        | {"seal", "spark", "tool", "person", "gate", "runs"}
    )

    assert used == there


def test_a_first_visit_is_small(tmp_path: Path) -> None:
    common = [path for path in STYLES.glob("*.css") if path.name not in OF_A_PAGE]

    assert served(tmp_path, *common, STYLES / "review.css") <= 12_000
    scripts = loaded("base.html", "components/scripts.html", "console/review.html")
    assert served(tmp_path, *scripts, HTMX) <= 30_000


@pytest.mark.parametrize("path", sorted(STYLES.glob("*.css")), ids=lambda path: path.name)
def test_a_style_sheet_means_the_same_when_small(path: Path) -> None:
    """What makes it small takes `a :is(b)` in a layer for a declaration and draws it together; `a *:is(b)` is safe."""
    rules = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)

    assert not re.findall(r"[^\s,>+~{};(]\s+:[a-z][^;{}]*", rules)


@pytest.mark.parametrize("path", sorted(SCRIPTS.glob("*.js")), ids=lambda path: path.name)
def test_a_script_says_the_same_when_small(path: Path) -> None:
    """What makes it small draws the words of a template in a template together."""
    assert not re.findall(r"`[^`]*\$\{[^}`]*`", path.read_text())


def served(folder: Path, *paths: Path) -> int:
    """How many bytes a browser gets: the gzip copies that collectstatic makes."""
    compress = Compressor(minify=settings.SERVESTATIC_MINIFY, use_brotli=False, use_zstd=False, quiet=True).compress
    copies = [compress(shutil.copy(path, folder))[0] for path in paths]
    return sum(Path(copy).stat().st_size for copy in copies)


def loaded(*templates: str) -> list[Path]:
    """The scripts that these templates load."""
    text = "".join((ROOT / "templates" / template).read_text() for template in templates)
    return [SCRIPTS / found for found in re.findall(r"'js/(\w+\.js)'", text)]


def test_every_script_is_loaded_by_some_page() -> None:
    assert set(loaded(*map(name, TEMPLATES))) == set(SCRIPTS.glob("*.js"))


def test_every_component_is_included_somewhere() -> None:
    text = "\n".join(path.read_text() for path in OURS) + "\n".join(
        path.read_text() for path in (ROOT / "console").rglob("*.py")
    )
    components = {path.name for path in (ROOT / "templates" / "components").glob("*.html")}

    assert {one for one in components if f"components/{one}" not in text} == set()


def test_every_key_can_be_renamed_and_every_letter_leads_to_one_page() -> None:
    text = "\n".join(path.read_text() for path in OURS)
    said = re.findall(r'data-(?:key|anywhere)="([^"{]+)"', text) + re.findall(r' key="([^"]+)"', text)
    declared = {key for keys in said for key in keys.split() if not key.startswith("mod+")}
    by_script = {"j", "k", "/", "g"}  # named in static/js/keys.js

    assert declared | by_script == set(KEYS)
    assert len({entry.go for entry in ENTRIES} | {"m"}) == len(ENTRIES) + 1
