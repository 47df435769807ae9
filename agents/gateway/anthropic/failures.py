"""What the SDK raises, as failures with a name. Imports the SDK: import this where a call has been made."""

from math import isfinite

import anthropic
import httpx2

from agents.gateway.types import ModelFailure

# ValueError: neither UTF-8 nor JSON; RecursionError: JSON too deep to read.
STREAM_ERRORS = (anthropic.APIError, httpx2.HTTPError, ValueError, RecursionError)

# By the error's type first: an error in the middle of a stream comes with status 200.
KIND_BY_TYPE = {
    "rate_limit_error": "rate_limited",
    "overloaded_error": "overloaded",
    "api_error": "server_error",
    "timeout_error": "timeout",
    "conflict_error": "conflict",
    "invalid_request_error": "bad_request",
    "authentication_error": "unauthorized",
    "permission_error": "forbidden",
    "billing_error": "billing",
    "not_found_error": "not_found",
    "request_too_large": "too_large",
}
KIND_BY_STATUS = {
    200: "server_error",
    401: "unauthorized",
    402: "billing",
    403: "forbidden",
    404: "not_found",
    408: "timeout",
    409: "conflict",
    413: "too_large",
    429: "rate_limited",
    504: "timeout",
    529: "overloaded",
}
RETRYABLE = {"rate_limited", "overloaded", "server_error", "timeout", "conflict", "connection", "unreadable"}


def failure_of(error: Exception) -> ModelFailure:
    """The failure that an error of the SDK, of its transport or of reading the stream stands for."""
    if isinstance(error, anthropic.APIStatusError):
        return refusal(error)
    if isinstance(error, anthropic.APITimeoutError | httpx2.TimeoutException):
        return out_of_time()
    if isinstance(error, ValueError | RecursionError):
        return ModelFailure(f"The reply is unreadable: {error}.", kind="unreadable", retryable=True)
    message = f"The connection to the model failed: {error.__cause__ or error}"
    return ModelFailure(message, kind="connection", retryable=True)


def refusal(error: anthropic.APIStatusError) -> ModelFailure:
    """What the provider answered instead of a reply."""
    kind = KIND_BY_TYPE.get(error.type or "") or kind_of_status(error.status_code)
    return ModelFailure(
        f"The model's provider answered {error.type or error.status_code}: {error.api_message or error.message}",
        kind=kind,
        retryable=kind in RETRYABLE,
        status=error.status_code,
        request_id=error.request_id or "",
        retry_after=seconds(error.response.headers.get("retry-after")),
    )


def kind_of_status(status: int) -> str:
    """For answers that do not come from the provider itself, such as those of a proxy."""
    return KIND_BY_STATUS.get(status) or ("server_error" if status >= 500 else "bad_request")


def out_of_time() -> ModelFailure:
    """The failure of a call that met its deadline."""
    return ModelFailure("The model did not finish its reply in time.", kind="timeout", retryable=True)


def seconds(header: str | None) -> float | None:
    """The value of `retry-after` where it is a sensible number of seconds."""
    try:
        value = float(header or "")
    except ValueError:
        return None
    return value if isfinite(value) and value >= 0 else None
