"""What can go wrong around tools; every class says what happened."""

from workspaces.exceptions import Unprocessable


class InvalidTool(Exception):
    """A tool is declared in a way that cannot work; raised while its module is imported."""


class InvalidSchema(Unprocessable):
    """This is not a JSON schema that arguments can be checked against."""

    title = "Schema refused"


class ArgumentsRefused(Unprocessable):
    """The arguments of a call do not fit its tool; `errors` says where and why."""

    title = "Arguments refused"


class ToolError(Exception):
    """Raised by a tool to say for certain: it did not happen. The model is told type, message and explanation."""

    def __init__(self, message: str, *, type: str = "failed", retryable: bool = False, explanation: str = "") -> None:
        super().__init__(message)
        self.type, self.retryable, self.explanation = type, retryable, explanation
