"""Settings, migrations, templates: what can be wrong without any test noticing."""

import os
import re
import secrets
import subprocess
import sys

import pytest
from django.core.management import call_command
from django.template.loader import get_template

from config.home import ROOT
from config.settings import database

APPS = ("config", "workspaces", "tracing", "agents", "reviews", "console", "demo")
READ = re.compile(r'os\.environ(?:\.get\(|\.setdefault\(|\[)\s*"(\w+)"')
NOT_OURS = {"DJANGO_SETTINGS_MODULE", "PYENV_ROOT"}


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_every_variable_that_is_read_is_documented() -> None:
    sources = [path.read_text() for app in APPS for path in (ROOT / app).rglob("*.py")]
    read = {name for source in sources for name in READ.findall(source)}
    documented = set(re.findall(r"^\| `(\w+)`", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE))

    assert read - NOT_OURS <= documented


def test_a_deployment_behind_https_passes_djangos_checks() -> None:
    environment = {"PUBLIC_URL": "https://countersign.example", "SECRET_KEY": secrets.token_urlsafe(60)}
    command = [sys.executable, str(ROOT / "manage.py"), "check", "--deploy", "--fail-level", "WARNING"]

    ran = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.html")), ids=lambda path: path.stem)
def test_every_template_compiles(path: os.PathLike[str]) -> None:
    get_template(os.path.relpath(path, ROOT / "templates"))


def test_a_database_url_keeps_what_it_says_about_tls() -> None:
    found = database("postgresql://me:secret@db.example:6432/main?sslmode=verify-full", connections=3)

    assert (found["NAME"], found["USER"], found["HOST"], found["PORT"]) == ("main", "me", "db.example", "6432")
    assert found["OPTIONS"]["sslmode"] == "verify-full"
    assert found["OPTIONS"]["pool"]["max_size"] == 3
