"""A process that is asked to stop finishes the call that it has started, and hands its runs to the others."""

import signal
from contextlib import ExitStack

import pytest

from tests.crashes.processes import check, eventually, sweep
from tests.crashes.test_crash_points import ended, start
from tests.ledger.tools import lines
from workspaces.models import Event

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_rolling_restart_leaves_nothing_in_doubt(tmp_path, monkeypatch):
    monkeypatch.setenv("LEDGER", str(tmp_path / "ledger"))
    runs = [start("rolling") for _ in range(6)]
    path, known = tmp_path / "log", {"LEDGER_FLOWS": "rolling", "LEDGER_SECONDS": "0.5"}
    with path.open("wb") as log, ExitStack() as stack:

        def another(number):
            """One more process, once it sweeps."""
            process = sweep(log, **known)
            stack.callback(process.wait)
            stack.callback(process.kill)
            eventually(lambda: path.read_text().count("Sweeping every second") == number)
            return process

        process = another(1)
        for number, happened in enumerate((1, 3, 5), start=2):
            eventually(lambda at_least=happened: len(lines()) >= at_least)
            following = another(number)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
            process = following
        eventually(lambda: all(ended(run) for run in runs), 60)
        process.terminate()
        assert process.wait(30) == 0
    for run in runs:
        check(run)
        assert run.status == "succeeded"
        assert set(run.tool_calls.values_list("status", flat=True)) == {"succeeded"}
    assert not Event.objects.filter(kind="tool_call.in_doubt").exists()
