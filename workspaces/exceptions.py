"""What can go wrong in a way the caller should hear about; one handler turns these into problems and pages."""

from typing import ClassVar


class CountersignError(Exception):
    """Something was refused; `str()` is a sentence for the person or program that asked."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Error"


class BadInput(CountersignError):
    """What was sent cannot be read."""

    status = 400
    title = "Unreadable input"


class Forbidden(CountersignError):
    """This person or key may not do that."""

    status = 403
    title = "Forbidden"


class NotFound(CountersignError):
    """There is nothing by that name, or it is somebody else's: the answer is the same."""

    status = 404
    title = "Not found"

    def __init__(self, sentence: str = "There is nothing here by that name.") -> None:
        super().__init__(sentence)


class LinkSpent(NotFound):
    """A link that works once has worked, or never did."""

    title = "This link does not work any more"


class Conflict(CountersignError):
    """Somebody or something else came first."""

    status = 409
    title = "Conflict"


class PreconditionFailed(CountersignError):
    """What the caller saw is no longer what is there."""

    status = 412
    title = "Changed meanwhile"


class TooLarge(CountersignError):
    """More was sent than is accepted."""

    status = 413
    title = "Too large"


class Unprocessable(CountersignError):
    """Readable, but not acceptable; `errors` names each place as {path, message}."""

    status = 422
    title = "Not acceptable"

    def __init__(self, sentence: str, errors: list[dict[str, str]] | None = None) -> None:
        super().__init__(sentence)
        self.errors = errors or []


class RateLimited(CountersignError):
    """Too many requests in too short a time."""

    status = 429
    title = "Too many requests"


class CanonicalError(BadInput):
    """The JSON cannot be read or written in exactly one way; `path` is the place (a JSON pointer) where known."""

    def __init__(self, sentence: str, path: str = "") -> None:
        super().__init__(sentence)
        self.path = path


class CanonicalTooLarge(CanonicalError):
    """The JSON is longer than is accepted."""

    status = TooLarge.status
    title = TooLarge.title


class OutboundError(CountersignError):
    """A call to the outside did not come about; `reason` is one word for the row, the sentence is for people."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class OutboundRefused(OutboundError):
    """An address that we do not call; nothing was sent."""

    status = 422
    title = "Address refused"


class OutboundFailed(OutboundError):
    """The receiver could not be reached or gave no answer; it may have heard us."""

    status = 502
    title = "No answer"
