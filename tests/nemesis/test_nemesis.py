"""A short battle on real processes; `manage.py nemesis` fights long ones."""

import os
import subprocess
import sys

import pytest

from config.home import ROOT

SERVICES = ("DATABASE_URL", "BROKER_URL", "COUNTERSIGN_HOME", "TOOL_MODULES")
SEED = "7"


@pytest.mark.timeout(300)
def test_a_short_battle_ends_without_a_violation():
    environment = {name: value for name, value in os.environ.items() if name not in SERVICES}
    command = [sys.executable, "-m", "tests.nemesis", "--small", "--seconds", "5", "--seed", SEED]
    fought = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    print(fought.stdout)
    assert fought.returncode == 0, f"{fought.stdout[-4000:]}\n{fought.stderr[-2000:]}"
    assert f"seed {SEED}: 0 violations" in fought.stdout
