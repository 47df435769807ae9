"""The grounds on which workers are simulated."""

import time

import pytest

from tests.simulation.world import Grounds


@pytest.fixture
def grounds(product, monkeypatch, settings, tmp_path):
    monkeypatch.setenv("NEMESIS_LEDGER", str(tmp_path / "ledger"))
    monkeypatch.setenv("NEMESIS_WALL", str(time.time() - time.monotonic()))
    return Grounds(monkeypatch, settings)
