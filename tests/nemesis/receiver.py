"""Receivers of webhooks: one that is well, one of many moods, and one that will be gone. Each remembers what it got."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

GONE_AFTER = 40
MOODS = {"well": 60, "error": 15, "hang": 8, "cut": 9, "redirect": 8}


@dataclass(frozen=True, slots=True)
class Received:
    """One request. `answered` is None where the connection was cut; `problem`: why the signature does not hold."""

    path: str
    headers: dict[str, str]
    body: bytes
    answered: int | None
    problem: str


@dataclass
class Receiver:
    """All receivers behind one port; `calm` lets the moody one be well."""

    seed: int
    got: list[Received] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)
    calm: bool = False

    def __post_init__(self) -> None:
        self.random, self.lock = random.Random(self.seed), threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            """Reads, remembers and answers as the mood is."""

            def do_POST(self) -> None:
                body = self.rfile.read(length := int(self.headers["content-length"]))
                if len(body) == length:  # or else who sent it has died meanwhile, and this is no request
                    receiver.answer(self, body)

            def log_message(self, *_: object) -> None:
                """The battle has a history of its own."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.host = f"127.0.0.1:{self.server.server_port}"

    @contextmanager
    def listening(self) -> Iterator[None]:
        thread = threading.Thread(target=self.server.serve_forever, name="receiver", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.server.shutdown()
            self.server.server_close()

    def answer(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        """What was received is remembered before it is answered, as a good receiver does."""
        mood = self.mood(request.path)
        status = {"well": 200, "error": 500, "hang": 200, "cut": None, "redirect": 302, "gone": 410}[mood]
        headers = {name.lower(): value for name, value in request.headers.items()}
        with self.lock:
            self.got.append(Received(request.path, headers, body, status, self.problem(request.path, headers, body)))
        if mood == "hang":
            time.sleep(2.0)
        if status is None:
            request.close_connection = True
            return
        with suppress(OSError):  # whoever asked may be dead by now
            request.send_response(status)
            request.send_header("content-length", "0")
            request.end_headers()

    def problem(self, path: str, headers: dict[str, str], body: bytes) -> str:
        """Checked when it arrives, because a signature is good for five minutes."""
        try:
            Webhook(self.secrets[path]).verify(body, headers, json_parse=False)
        except WebhookVerificationError as error:
            return str(error)
        return ""

    def mood(self, path: str) -> str:
        with self.lock:
            if path == "/gone":
                return "gone" if len([one for one in self.got if one.path == path]) >= GONE_AFTER else "well"
            if path == "/moody" and not self.calm:
                return self.random.choices(list(MOODS), list(MOODS.values()))[0]
            return "well"
