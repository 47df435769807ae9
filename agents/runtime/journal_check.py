"""Verify: drive a run's flow again over its journal, compare everything, perform nothing."""

import random

from agents.exceptions import Diverged
from agents.models import Run
from agents.runtime import flow, version
from agents.runtime.claim import load_rows
from agents.runtime.drive import Drive
from agents.runtime.watchdog import CutOff, watchdog

__all__ = ["Diverged", "verify"]


def verify(run: Run) -> int:
    """How many steps agree, in digest of the request and in what the flow made of them; raises Diverged."""
    spec = flow.get(run.flow, run.revision)
    of = version.load(run.version_id)
    handle = version.flow_run(spec, run_id=str(run.pk), input=run.input, version=of, history=run.history)
    drive = Drive(spec, handle, now=lambda: 0.0, random=random.random)
    rows = load_rows(run.pk, with_deltas=True)
    try:
        with watchdog.limit():
            drive.redrive(rows, verify=True)
    except CutOff:
        raise Diverged(f"{len(rows)} steps", ["nothing, for it computes without end"]) from None
    return len(rows)
