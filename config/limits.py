"""A cap on request bodies, held before Django spools them to disk."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

MAX_BODY_BYTES = 6 * 1024 * 1024

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

PROBLEM = json.dumps(
    {
        "type": "about:blank",
        "title": "Too large",
        "status": 413,
        "detail": f"A request body may have {MAX_BODY_BYTES:,} bytes at most.",
    }
).encode()


class BodyTooLarge(Exception):
    """More came than was announced or allowed."""


class BodyLimit:
    """Answers 413 at once for an announced body that is too large, and while reading for a chunked one."""

    def __init__(self, application: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.application(scope, receive, send)
        if announced(scope) > MAX_BODY_BYTES:
            return await refuse(send)
        try:
            await self.application(scope, counted(receive), send)
        except BodyTooLarge:
            await refuse(send)


def announced(scope: Scope) -> int:
    """The Content-Length, or 0."""
    length = dict(scope["headers"]).get(b"content-length", b"")
    return int(length) if length.isdigit() else 0


def counted(receive: Receive) -> Receive:
    """`receive` that raises as soon as too much has come."""
    seen = 0

    async def count() -> Mapping[str, Any]:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MAX_BODY_BYTES:
            raise BodyTooLarge
        return message

    return count


async def refuse(send: Send) -> None:
    """A problem document, because only programs send this much."""
    headers = [(b"content-type", b"application/problem+json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": PROBLEM})
