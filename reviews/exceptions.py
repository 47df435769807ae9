"""What can go wrong around decisions; every class says what happened."""

from typing import Any

from workspaces.exceptions import Conflict, CountersignError, Forbidden, NotFound, PreconditionFailed, Unprocessable


class AlreadyDecided(Conflict):
    """Somebody was first; `current` names who, and what they decided."""

    title = "Already decided"

    def __init__(self, sentence: str, current: dict[str, Any] | None = None) -> None:
        super().__init__(sentence)
        self.current = current


class Expired(Conflict):
    """The time to decide was over, by the database's clock."""

    title = "Expired"


class Withdrawn(Conflict):
    """There is nothing left to decide: the run has ended or is being cancelled, or the rules have changed."""

    title = "Withdrawn"


class SeatTaken(Conflict):
    """The seats that this person could fill are filled, by others or by themselves."""

    title = "No free seat"


class Claimed(Conflict):
    """Somebody else looks after this at the moment."""

    title = "Claimed"


class TooLateToUndo(Conflict):
    """The decision has taken effect."""

    title = "Too late to undo"


class Changed(PreconditionFailed):
    """The arguments are not the ones that were seen; `current` is what they are now."""

    def __init__(self, sentence: str, current: dict[str, Any]) -> None:
        super().__init__(sentence)
        self.current = current


class NotEligible(Forbidden):
    """This person, or this way of deciding, is not among those that the approval asks for."""

    title = "Not yours to decide"


class NoSuchDecision(NotFound):
    """No decision has this number."""


class KindRefused(Unprocessable):
    """This kind of decision is not possible here, or something that it needs is missing."""

    title = "Decision refused"


class NothingChanged(KindRefused):
    """An edit that leaves the arguments as they were."""


class HoldsCredential(Unprocessable):
    """A person is about to hand a credential to an agent, and has not said that this is meant."""

    title = "This looks like a credential"
    confirm = "credential_is_meant"


class EditDenied(Unprocessable):
    """The rules forbid the call as it was edited."""

    title = "Edit denied"


class ConditionRefused(Unprocessable):
    """The condition of a rule cannot be used; `place` is the line and column where that is known."""

    title = "Condition refused"
    place: tuple[int, int] | None = None


class PolicyMovedOn(Conflict):
    """Somebody has saved another revision of this policy since it was looked at."""

    title = "Changed meanwhile"


class NothingToReplay(Conflict):
    """Of the chosen deliveries none can be sent again now."""

    title = "Nothing to send"


class SecretUnreadable(CountersignError):
    """The secret of an endpoint was encrypted under another SECRET_KEY."""

    status = 500
    title = "Secret unreadable"

    def __init__(self) -> None:
        super().__init__("This secret was encrypted under another SECRET_KEY: rotate it.")


class EndpointDisabled(Conflict):
    """Nothing is sent to this endpoint."""

    title = "Switched off"


class AlreadySending(Conflict):
    """This delivery is waiting to be sent, or is being sent."""

    title = "On its way"
