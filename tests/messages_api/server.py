"""The server and one exchange with it: HTTP, chunks and connections."""

import json
import socket
import struct
import sys
from collections import deque
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Event, Thread
from typing import Any, Self

from tests.messages_api.answers import Answer, status
from tests.messages_api.events import as_bytes
from tests.messages_api.refusals import refused


class MessagesAPI(ThreadingHTTPServer):
    """The server; it runs in a thread while it is entered."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.closing = Event()
        self.ids = count(1)
        self.forget()

    def forget(self) -> None:
        """Start anew: no answers prepared, no requests seen."""
        self.requests: list[dict[str, Any]] = []
        self.answers: deque[Answer] = deque()
        self.otherwise: Answer = status(400, "The test has prepared no further answer.")

    def will(self, *answers: Answer) -> None:
        """Give these answers to the next requests."""
        self.answers.extend(answers)

    def next_answer(self) -> Answer:
        return self.answers.popleft() if self.answers else self.otherwise

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is what some tests want; everything else is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def __enter__(self) -> Self:
        Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.shutdown()
        self.server_close()


class Exchange(BaseHTTPRequestHandler):
    """One request and what is answered to it."""

    server: MessagesAPI
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # buffered: an answer that should arrive in parts flushes
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        self.body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        seen = {"path": self.path, "client": self.client_address, "headers": dict(self.headers), "body": self.body}
        self.server.requests.append(seen)
        answer = self.server.next_answer()
        if refusal := refused(self.headers, self.body):
            answer = status(*refusal)
        answer(self)

    def log_message(self, *_: object) -> None:
        """Nothing: pytest shows what matters."""

    def begin(self, *, whole: bool = True) -> None:
        """Send the head of a stream; one that is not `whole` has no marked end, so cutting it looks like its end."""
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("request-id", f"req_{next(self.server.ids)}")
        self.chunked, self.close_connection = whole, not whole
        self.send_header(*(("transfer-encoding", "chunked") if whole else ("connection", "close")))
        self.end_headers()

    def send(self, events: Iterable[dict[str, Any]]) -> None:
        for event in events:
            self.write(as_bytes(event))

    def write(self, part: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part) if self.chunked else part)
        self.wfile.flush()

    def end(self) -> None:
        if self.chunked:
            self.wfile.write(b"0\r\n\r\n")

    def tear(self) -> None:
        """Reset the connection, as a dying peer does."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
