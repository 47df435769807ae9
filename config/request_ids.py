"""Each request has an id, its caller's or ours: log lines carry it, and the answer names it."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import uuid4

from workspaces import logs

HEADER = b"x-request-id"
PLAIN = re.compile(rb"\A[\w.:-]{1,64}\Z")

type Scope = dict[str, Any]
type Receive = Callable[[], Awaitable[Mapping[str, Any]]]
type Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class RequestIds:
    """Around everything that is asked for, pages, API and sockets alike."""

    def __init__(self, application: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = given(scope) or uuid4().hex.encode()
        with logs.about(request_id=request_id.decode()):
            await self.application(scope, receive, naming(request_id, send))


def given(scope: Scope) -> bytes | None:
    """The id that the caller sent, if it is harmless in a log."""
    sent: bytes = dict(scope.get("headers", ())).get(HEADER, b"")
    return sent if PLAIN.match(sent) else None


def naming(request_id: bytes, send: Send) -> Send:
    """`send` that puts the id into the head of an HTTP answer."""

    async def named(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), (HEADER, request_id)]}
        await send(message)

    return named
