"""Verify: drive a run's flow again over its journal, compare everything, perform nothing."""

import random

from agents.exceptions import CutOff, Diverged, FlowError
from agents.models import AgentVersion, Run
from agents.runtime import flow, version
from agents.runtime.drive import Drive
from agents.runtime.journal import load_rows
from agents.runtime.redriving import editing
from agents.runtime.version import Version
from agents.runtime.watchdog import watchdog

__all__ = ["Diverged", "agrees_until", "verify"]


def verify(run: Run) -> int:
    """How many steps agree, in digest of the request and in what the flow made of them; raises Diverged.

    Of the steps that a fork shares with its ancestors, kind and place.
    """
    rows = load_rows(run.pk, run.line, with_deltas=True)
    drive = _drive(run, version.load(run.version_id), flow.get(run.flow, run.revision))
    try:
        with watchdog.limit():
            drive.redrive(rows, verify=True)
    except CutOff:
        raise Diverged(f"{len(rows)} steps", ["nothing, for it computes without end"], run.seq) from None
    except FlowError as error:
        raise Diverged(f"{len(rows)} steps", [f"nothing. {error}"], run.seq) from None
    return len(rows)


def agrees_until(run: Run, other: AgentVersion, spec: flow.FlowSpec) -> int:
    """The last step to which this flow, of another version, asks for what this run's journal recorded."""
    drive = _drive(run, version.load(other.pk), spec)
    try:
        with watchdog.limit():
            drive.redrive(load_rows(run.pk, run.line), check_last=0)
    except Diverged:
        return drive.seq
    except (CutOff, FlowError):
        return drive.seq - 1
    return run.seq


def _drive(run: Run, of: Version, spec: flow.FlowSpec) -> Drive:
    handle = version.flow_run(spec, run_id=str(run.pk), input=run.input, version=of, history=run.history)
    return Drive(spec, handle, now=lambda: 0.0, random=random.random, edit=editing(handle, run.line))
