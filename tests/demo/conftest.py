"""The demo as the command makes it, in a home of its own."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from workspaces.models import Workspace


class Demo:
    """What the `demo` command left and printed."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def start(self) -> dict[str, Any]:
        """Run the command, and keep what it printed as `up` does."""
        output = StringIO()
        call_command("demo", stdout=output)
        made: dict[str, Any] = json.loads(output.getvalue().splitlines()[-1])
        (self.home / "demo.json").write_text(json.dumps({"url": "http://127.0.0.1:8000", **made}))
        return made

    @property
    def workspace(self) -> Workspace:
        return Workspace.objects.get(slug="demo")


@pytest.fixture
def demo(tmp_path: Path, settings: Settings) -> Demo:
    """The command, not run yet; without a key, so with the scripted model."""
    settings.COUNTERSIGN_HOME = tmp_path
    settings.ANTHROPIC_API_KEY = ""
    return Demo(tmp_path)


@pytest.fixture
def shop(db: None, demo: Demo) -> Workspace:
    """The demo's workspace, as it begins."""
    demo.start()
    return demo.workspace
