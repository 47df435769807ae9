"""A process in which nothing runs any more ends itself, and says where it stood."""

import pytest

from agents.models import Run
from tests.crashes.processes import eventually, sweep
from tests.crashes.test_crash_points import start

pytestmark = pytest.mark.django_db(transaction=True)


def test_code_that_holds_the_interpreter_ends_its_process(tmp_path):
    run = start("held", model="backtracks")
    with (tmp_path / "log").open("wb") as log:
        process = sweep(log, LEDGER_FLOWS="held", STANDSTILL_SECONDS="3")
        try:
            assert process.wait(40) == 1
        finally:
            process.kill()
            process.wait()
    said = (tmp_path / "log").read_text()
    assert "Timeout (0:00:03)!" in said and "backtracks" in said
    eventually(lambda: Run.objects.filter(pk=run.pk, status="running", seq=1).exists())
