"""What can go wrong in the runtime; every class says what happened."""

from typing import Any

from workspaces.exceptions import Conflict, CountersignError, NotFound, Unprocessable


def said(error: BaseException) -> str:
    """The message of an exception of foreign code, which may raise when it is asked; nothing then."""
    try:
        return str(error)
    except BaseException:  # noqa: BLE001
        return ""


class LostClaim(Exception):
    """Another worker holds the run now; everything that this one still has in hand is dropped."""


class EffectFailed(Exception):
    """An effect has failed for good; raised inside the flow, which may catch it."""

    def __init__(self, error: dict[str, Any]):
        self.error = error
        super().__init__(error.get("message") or error.get("type") or "failed")


class FlowError(Exception):
    """The flow did what a flow cannot do: awaited something foreign, or in `finally`, or returned what is not JSON."""


class Diverged(Exception):
    """The flow asks for something else than its journal recorded."""

    def __init__(self, recorded: str, asked: list[str], seq: int = 0):
        self.recorded, self.asked, self.seq = recorded, asked, seq
        super().__init__(f"The journal recorded {recorded}; the flow asks for {', '.join(asked) or 'nothing'}.")


class CutOff(BaseException):
    """The flow computed for too long; no Exception, so that a flow does not catch it by accident."""


class UnknownFlow(CountersignError):
    """No flow of this name and revision is registered."""

    status = 422
    title = "Unknown flow"


class UnknownAgent(NotFound):
    """No agent of this name can be started in this workspace."""

    title = "Unknown agent"


class IllegalMove(Conflict):
    """The run or the call is no longer in a state that allows this."""

    title = "Not possible any more"


class ThreadRefused(Unprocessable):
    """This agent does not work in threads."""

    title = "Not for a thread"


class ScheduleRefused(Unprocessable):
    """No time can be read from this cron expression and time zone."""

    title = "Not a schedule"


class ThreadBusy(Conflict):
    """A run of this thread is active, and the new input was not to wait for it."""

    title = "The thread is busy"


class StillAlive(Conflict):
    """Processes work on a database that was restored and is not in order yet."""

    title = "Processes are still alive"


class NotWaitingForMessages(Conflict):
    """The run has ended and takes no further messages."""

    title = "The run has ended"


class ResultRefused(Unprocessable):
    """The result that a person gave for a call is not usable."""

    title = "Result refused"


class ValueMissing(CountersignError):
    """A large value is not where it was kept, or is not what was kept."""

    status = 500
    title = "A value is missing"


class ValueUnreachable(CountersignError):
    """The store of large values does not answer; later it may."""

    status = 503
    title = "The store of values does not answer"


class NoSuchStep(NotFound):
    """The run has not committed that many steps."""

    title = "No such step"


class ForkRefused(Unprocessable):
    """A fork cannot begin like this; the sentence says why."""

    title = "Not a fork"


class CallUnderWay(Conflict):
    """At the step from which a fork was to begin, a call may be happening whose outcome nobody knows."""

    title = "A call is under way"


class TranscriptRefused(Unprocessable):
    """A recorded conversation cannot be imported; the sentence says why."""

    title = "Transcript refused"
