"""A deadline for reading a response. The SDK's timeout is per read, so a slow drip would never meet it."""

import socket
import time
from contextlib import suppress
from threading import Timer
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from httpx2 import Response


class Stopwatch:
    """Cuts the response's connection at the deadline (monotonic), which wakes whoever is reading it."""

    def __init__(self, response: "Response", deadline: float):
        self.response = response
        self.has_expired = False
        self._timer = Timer(max(0.0, deadline - time.monotonic()), self._expire)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def _expire(self) -> None:
        self.has_expired = True
        if self.response.is_closed:
            return  # the connection has gone back to the pool and may serve somebody else
        connection = self.response.extensions["network_stream"].get_extra_info("socket")
        with suppress(OSError):  # closed from the other side in this moment
            # Not the SSLSocket's own shutdown, which drops the TLS state under the reader. close() would not wake it.
            socket.socket.shutdown(connection, socket.SHUT_RDWR)
