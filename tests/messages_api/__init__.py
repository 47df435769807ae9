"""A local server that speaks Anthropic's Messages API over real HTTP, with its failures.

    with MessagesAPI() as api:
        api.will(turn([{"type": "text", "text": "Hello"}]), status(529))
        ... point a client at api.url, then look at api.requests ...

An answer is any function of the `Exchange`. A request for which none is left gets `api.otherwise`.
"""

from tests.messages_api.answers import (
    cut,
    dripping,
    error_in_stream,
    hung_up,
    silent,
    status,
    stream_of,
    torn,
    turn,
)
from tests.messages_api.server import Exchange, MessagesAPI

__all__ = [
    "Exchange",
    "MessagesAPI",
    "cut",
    "dripping",
    "error_in_stream",
    "hung_up",
    "silent",
    "status",
    "stream_of",
    "torn",
    "turn",
]
