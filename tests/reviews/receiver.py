"""A receiver of webhooks on the loopback: it answers as told, and keeps what it heard."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from typing import Any

type Answering = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Heard:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes
    began: float
    ended: float = 0.0


@dataclass
class Receiver:
    """`answers` are taken one a request; after the last, everything is 200."""

    url: str = ""
    place: str = ""
    answers: list[Answering] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    under_way: int = 0
    most_at_once: int = 0

    def enter(self) -> Answering:
        with self.lock:
            self.under_way += 1
            self.most_at_once = max(self.most_at_once, self.under_way)
            return self.answers.pop(0) if self.answers else status(200)

    def leave(self) -> None:
        with self.lock:
            self.under_way -= 1


def status(code: int, body: bytes = b"ok", **headers: str) -> Answering:
    """Answer with a status; underscores in names of headers become hyphens."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(body)

    return answer


def endless(request: BaseHTTPRequestHandler) -> None:
    """200, and then bytes until the caller hangs up."""
    request.send_response(200)
    request.send_header("Content-Length", str(10**10))
    request.end_headers()
    while True:
        request.wfile.write(b"x" * 65536)


def hanging_until(event: threading.Event) -> Answering:
    """Answer 200 only once the event is set."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        event.wait(30)
        status(200)(request)

    return answer


@contextmanager
def receiver(port: int = 0) -> Iterator[Receiver]:
    """A receiver on the loopback, until the block ends."""
    known = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard = Heard(self.path, {name.lower(): value for name, value in self.headers.items()}, body, monotonic())
            answer = known.enter()
            known.heard.append(heard)
            try:
                answer(self)
            except OSError:
                self.close_connection = True  # the caller had enough
            finally:
                heard.ended = monotonic()
                known.leave()

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        known.place = f"127.0.0.1:{server.server_address[1]}"
        known.url = f"http://{known.place}/hooks"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield known
        finally:
            server.shutdown()
            thread.join()
