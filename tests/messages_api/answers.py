"""Everything that the server can answer: whole replies, and each way in which one fails."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.messages_api.events import Block, Event, as_bytes, events, opening

if TYPE_CHECKING:
    from tests.messages_api.server import Exchange

type Answer = Callable[["Exchange"], None]

ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
DRIP_SECONDS = 0.02


def turn(blocks: list[Block], *, stop: str | None = None, usage: dict[str, int] | None = None) -> Answer:
    """A whole reply made of these blocks."""

    def answer(exchange: "Exchange") -> None:
        exchange.begin()
        exchange.send(events(exchange.body, blocks, stop, usage))
        exchange.end()

    return answer


def status(code: int, message: str = "", *, type: str | None = None, **headers: str) -> Answer:
    """An error instead of a reply; headers are given with underscores (`retry_after="1"`)."""

    def answer(exchange: "Exchange") -> None:
        kind = type or ERROR_TYPES.get(code, "api_error" if code >= 500 else "invalid_request_error")
        error = {"type": "error", "error": {"type": kind, "message": message or f"This is a {code}."}}
        content = json.dumps(error).encode()
        exchange.send_response(code)
        exchange.send_header("content-type", "application/json")
        exchange.send_header("content-length", str(len(content)))
        exchange.send_header("request-id", f"req_{next(exchange.server.ids)}")
        for name, value in headers.items():
            exchange.send_header(name.replace("_", "-"), value)
        exchange.end_headers()
        exchange.wfile.write(content)

    return answer


def error_in_stream(type: str = "overloaded_error") -> Answer:
    """Status 200, a part of the reply, then an error event."""

    def answer(exchange: "Exchange") -> None:
        exchange.begin()
        exchange.send(opening(exchange.body))
        exchange.send([{"type": "error", "error": {"type": type, "message": "It went wrong on the way."}}])
        exchange.end()

    return answer


def cut() -> Answer:
    """A part of the reply, then an end that looks regular."""

    def answer(exchange: "Exchange") -> None:
        exchange.begin(whole=False)
        exchange.send(opening(exchange.body))

    return answer


def torn() -> Answer:
    """A part of the reply, then a reset."""

    def answer(exchange: "Exchange") -> None:
        exchange.begin()
        exchange.send(opening(exchange.body))
        exchange.tear()

    return answer


def hung_up() -> Answer:
    """Not one byte, and the connection closed."""
    return lambda exchange: exchange.tear()


def silent() -> Answer:
    """Not one byte until the server closes."""

    def answer(exchange: "Exchange") -> None:
        exchange.server.closing.wait()
        exchange.close_connection = True

    return answer


def dripping(event: dict[str, Any] | None = None) -> Answer:
    """A reply that never ends and never pauses: no read of it ever times out."""

    def answer(exchange: "Exchange") -> None:
        exchange.begin()
        exchange.send(opening(exchange.body))
        while not exchange.server.closing.wait(DRIP_SECONDS):
            exchange.send([event or {"type": "ping"}])

    return answer


def stream_of(*parts: bytes | Event) -> Answer:
    """Exactly these bytes or events after the beginning of a reply."""

    def answer(exchange: "Exchange") -> None:
        exchange.begin()
        exchange.send(opening(exchange.body))
        for part in parts:
            exchange.write(part if isinstance(part, bytes) else as_bytes(part))
        exchange.end()

    return answer
