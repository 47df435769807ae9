"""Claude, over the official SDK: one streamed call, its failures named, its deadline kept.

The SDK takes seconds to import, so it is imported where it is used and never when Django starts.
"""

import time
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings

from agents.gateway.anthropic.assembly import Assembly
from agents.gateway.anthropic.body import body
from agents.gateway.anthropic.stopwatch import Stopwatch
from agents.gateway.types import ModelFailure, ModelReply, ModelRequest, OnDelta, Usage

if TYPE_CHECKING:
    from anthropic import Anthropic, Stream
    from anthropic.types import RawMessageStreamEvent

MAX_CONNECT_SECONDS = 10.0


def complete(request: ModelRequest, on_delta: OnDelta | None = None) -> ModelReply:
    """The model's next turn, whole: a stream that breaks off is a failure, never half a reply."""
    deadline = time.monotonic() + request.timeout
    stream = _open(request)
    request_id = stream.response.headers.get("request-id", "")
    assembly = Assembly()
    try:
        _read(stream, assembly, deadline, on_delta)
        return assembly.reply(request_id)
    except ModelFailure as failure:
        failure.request_id, failure.usage = request_id, Usage(**assembly.counters)
        raise


def warm_up() -> None:
    """Import the SDK and build the client, where there is a key to use it with."""
    if settings.ANTHROPIC_API_KEY:
        _client(settings.ANTHROPIC_API_KEY, settings.ANTHROPIC_BASE_URL)


def _open(request: ModelRequest) -> "Stream[RawMessageStreamEvent]":
    """Send the request and wait for the answer to begin."""
    if not settings.ANTHROPIC_API_KEY:
        message = "This agent runs on Claude and there is no API key: set ANTHROPIC_API_KEY and restart the workers."
        raise ModelFailure(message, kind="no_api_key", retryable=False)
    client = _client(settings.ANTHROPIC_API_KEY, settings.ANTHROPIC_BASE_URL)
    from anthropic import APIError, Timeout

    from agents.gateway.anthropic.failures import failure_of

    timeout = Timeout(request.timeout, connect=min(request.timeout, MAX_CONNECT_SECONDS))
    try:
        stream: Stream[RawMessageStreamEvent] = client.messages.create(stream=True, timeout=timeout, **body(request))
    except APIError as error:
        raise failure_of(error) from error
    except UnicodeEncodeError as error:
        message = f"The conversation cannot be sent: {error}."
        raise ModelFailure(message, kind="bad_request", retryable=False) from error
    return stream


@cache
def _client(api_key: str, base_url: str) -> "Anthropic":
    """One client, and so one pool of connections, a process. Retries are the chain's, which knows the deadline."""
    from anthropic import Anthropic

    return Anthropic(api_key=api_key, base_url=base_url, max_retries=0)


def _read(
    stream: "Stream[RawMessageStreamEvent]", assembly: Assembly, deadline: float, on_delta: OnDelta | None
) -> None:
    """Take everything that comes until the end or the deadline."""
    with stream, Stopwatch(stream.response, deadline) as watch:
        for event in _events(stream, watch):
            delta = assembly.take(event)
            if delta and on_delta:
                on_delta(delta)


def _events(stream: "Stream[RawMessageStreamEvent]", watch: Stopwatch) -> Iterator["RawMessageStreamEvent"]:
    """The stream's events. It is read to its very end, so that the connection can be used again."""
    from agents.gateway.anthropic.failures import STREAM_ERRORS, failure_of, out_of_time

    finished = False
    try:
        for event in stream:
            yield event
            finished = event.type == "message_stop"
    except STREAM_ERRORS as error:
        if not finished:
            raise (out_of_time() if watch.has_expired else failure_of(error)) from error
    if watch.has_expired and not finished:
        raise out_of_time()
