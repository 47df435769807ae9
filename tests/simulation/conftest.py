"""The grounds on which workers are simulated."""

import pytest

from tests.simulation.world import Grounds


@pytest.fixture
def grounds(product, monkeypatch, settings, tmp_path):
    monkeypatch.setenv("NEMESIS_LEDGER", str(tmp_path / "ledger"))
    return Grounds(monkeypatch, settings)
