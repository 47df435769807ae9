"""Real worker processes on the test's database, to be killed."""

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from django.db import connection

from agents.models import ToolCall
from agents.runtime.journal_check import verify
from tests.ledger.tools import lines

ROOT = Path(__file__).resolve().parents[2]


def environment(**more):
    """What a process needs to work on this test's database, without a broker unless `more` names one."""
    base = os.environ | {"TEST_PROCESS": "1"}
    known = connection.settings_dict
    url = f"postgresql://{known['USER']}@/{known['NAME']}?host={known['HOST']}"
    return base | {
        "DATABASE_URL": url,
        "BROKER_URL": "",
        "GATE": "agents.runtime.gate.AllowAll",
        "TOOL_MODULES": "tests.ledger.story",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(ROOT),
        **more,
    }


def sweep(log, **more):
    """A sweep, which advances runs itself."""
    code = "import django; django.setup(); from agents.runtime.sweep import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code], env=environment(**more), cwd=ROOT, stdout=log, stderr=log, start_new_session=True
    )


def eventually(condition, seconds=40, every=0.05):
    """Wait until `condition` gives something true, and return it; fails loudly with what it last gave."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"It did not happen in {seconds} s: {condition} gave {found!r}"
        time.sleep(every)
    return found


def check(run):
    """Every step once and in order, the journal verifies, and the outside saw each effect as the calls say."""
    run.refresh_from_db()
    assert list(run.checkpoints.order_by("seq").values_list("seq", flat=True)) == list(range(1, run.seq + 1))
    assert verify(run) == run.seq
    happened = Counter(line.split()[1] for line in lines())
    for call in ToolCall.objects.filter(run=run).exclude(effect="read"):
        times = happened[str(call.pk)]
        assert times <= 1, f"{call.tool} happened {times} times"
        if call.status == "succeeded":
            assert times == 1, f"{call.tool} is called succeeded and never happened"
        elif call.status == "failed":
            assert times == 0, f"{call.tool} is called failed and happened"
