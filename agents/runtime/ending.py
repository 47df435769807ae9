"""How a run comes to its end: by its flow, by a limit, or by a flow that cannot be driven any further."""

from typing import Any

from django.conf import settings

from agents import blobs
from agents.exceptions import CutOff, Diverged, FlowError, ValueMissing, ValueUnreachable
from agents.runtime.commit import Segment
from agents.runtime.drive import Drive
from agents.runtime.outcomes import explained
from agents.runtime.text import dumps, storable
from agents.runtime.work import Work

UNDER_WAY = "The run could not go on while this call was under way; see the run's error and the call's report."
UNREACHABLE_SECONDS = 15.0  # so long a run waits for a store of values that does not answer


def finish(segment: Segment, drive: Drive) -> None:
    """The flow has returned or raised."""
    error = drive.error
    if error is None:
        try:
            segment.to, segment.result = "succeeded", within_the_cap(dumps(drive.result))
            return
        except FlowError as too_large:
            error = too_large
        except (TypeError, ValueError, RecursionError):
            error = FlowError(f"The flow returned {type(drive.result).__name__}, which is not JSON.")
    segment.to, segment.error = "failed", explained(error)


def within_the_cap(result: str) -> str:
    """The result of a run; raises FlowError where it is too large."""
    if blobs.size(result) > settings.MAX_RESULT_BYTES:
        raise FlowError(f"The flow returned more than {settings.MAX_RESULT_BYTES:,} bytes.")
    return result


def end_early(segment: Segment, drive: Drive, ended_by: str) -> None:
    """A limit ends the run with what it has."""
    segment.to, segment.ended_by = "succeeded", ended_by
    segment.calls, segment.children = [call for call in segment.calls if call.outcome], []  # nothing new begins
    segment.result = dumps(drive.run.last_text)


def divergence(divergence: Diverged) -> dict[str, Any]:
    """What was recorded and what is asked for now, as the run's error."""
    both = {"recorded": divergence.recorded, "asked": divergence.asked, "seq": divergence.seq}
    return {"type": "diverged", "message": str(divergence)} | both


def cut_off(segment: Segment, drive: Drive, error: dict[str, Any]) -> None:
    """The flow was stopped in the middle of its own code: what it was handed is recorded, the rest is in doubt."""
    segment.rows, drive.fresh = drive.fresh, []
    handed = {row.position for row in segment.rows}
    segment.taken = {message: place for message, place in segment.taken.items() if place in handed}
    segment.doubts |= dict.fromkeys(segment.statuses.keys() - handed, UNDER_WAY)
    segment.to, segment.error = "failed", error


def stopped(error: CutOff | FlowError) -> dict[str, Any]:
    """Why the flow was stopped, as the run's error."""
    if isinstance(error, FlowError):
        return because("FlowError", error)
    return because("flow_cut_off", _cut_off_after())


def because(kind: str, why: object) -> dict[str, Any]:
    """The error of a run, in words that can be stored."""
    return {"type": kind, "message": storable(str(why))}


def _cut_off_after() -> str:
    return f"The flow computed for {settings.FLOW_SECONDS:g} s without asking for anything, so it was cut off."


def without_value(error: ValueMissing | ValueUnreachable, work: Work) -> Segment:
    """A large value that the run needs cannot be read: not now, so it waits and tries again, or not any more."""
    if isinstance(error, ValueMissing):
        return failed(work, because("value_missing", error))
    due = work.claim.clock.now() + UNREACHABLE_SECONDS
    return Segment(rows=[], to="waiting", doubts=waited_out(work), due=due)


def failed(work: Work, error: dict[str, Any]) -> Segment:
    """The run cannot go on."""
    return Segment(rows=[], to="failed", error=error, doubts=waited_out(work))


def waited_out(work: Work) -> dict[str, str]:
    """Writes under way where the flow cannot go on: people are asked, with what came of them as a report."""
    doubts = {}
    while work.busy:
        done = work.next()
        if done and done.underway.call:
            work.report(done)
            doubts[done.underway.position] = UNDER_WAY
    return doubts
