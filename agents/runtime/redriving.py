"""Driving a run's flow again over its journal, to go on with it."""

import random
from collections.abc import Callable

from agents.models import Line
from agents.runtime import edits, flow, version
from agents.runtime.claim import Claim
from agents.runtime.drive import Drive
from agents.runtime.flow import FlowRun
from agents.runtime.journal import first_row, load_rows
from agents.runtime.version import Version
from agents.runtime.watchdog import watchdog


def redriven(claim: Claim, of: Version) -> Drive:
    """The run in memory as its journal has it, ready to go on. Raises Diverged and CutOff."""
    spec = flow.get(claim.flow, claim.revision)
    handle = version.flow_run(spec, run_id=str(claim.id), input=claim.input, version=of, history=claim.history)
    drive = Drive(spec, handle, now=claim.clock.now, random=random.random, edit=editing(handle, claim.line))
    rows = load_rows(claim.id, claim.line)
    begins = claim.line is not None and claim.seq < claim.line.seq
    first = first_row(claim.id, claim.line) if claim.line and begins else None
    with watchdog.limit():
        return drive.redrive(rows, first=first).settle_local()


def editing(handle: FlowRun, line: Line | None) -> Callable[[int], None]:
    """Makes the changes of a fork and of its ancestors at each step."""

    def edit(seq: int) -> None:
        for change in line.edits_at(seq) if line else ():
            edits.apply(handle, change, seq)

    return edit
