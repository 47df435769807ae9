"""An object store on loopback that keeps bytes in memory and takes nothing that is not signed as S3 has it."""

import hashlib
import hmac
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<id>[^/]+)/(?P<day>\d{8})/(?P<region>[^/]+)/s3/aws4_request, ?"
    r"SignedHeaders=(?P<names>[a-z0-9;-]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)


class ObjectStore(ThreadingHTTPServer):
    """Runs in a thread while it is entered; `status` other than 0 is what it answers to everything."""

    daemon_threads = True

    def __init__(self, secret: str) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        self.url, self.secret = f"http://127.0.0.1:{self.server_port}", secret
        self.objects: dict[str, bytes] = {}
        self.status = 0

    def __enter__(self) -> Self:
        Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class Exchange(BaseHTTPRequestHandler):
    server: ObjectStore

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(body, lambda: self.server.objects.update({self.path: body}))

    def do_GET(self) -> None:
        self.answer(b"", lambda: None, sends=True)

    def do_DELETE(self) -> None:
        self.answer(b"", lambda: self.server.objects.pop(self.path, None))

    def answer(self, body: bytes, change: Any, *, sends: bool = False) -> None:
        found = self.server.objects.get(self.path, b"") if sends else b""
        status = self.server.status or (403 if not self.is_signed(body) else 404 if sends and not found else 200)
        if status == 200:
            change()
        self.send_response(status)
        self.send_header("Content-Length", str(len(found)))
        self.end_headers()
        self.wfile.write(found)

    def is_signed(self, body: bytes) -> bool:
        """By the canonical request, as the receiver has it."""
        given = AUTHORIZATION.fullmatch(self.headers.get("Authorization", ""))
        hashed = hashlib.sha256(body).hexdigest()
        if not given or self.headers["x-amz-content-sha256"] != hashed or "host" not in given["names"].split(";"):
            return False
        headers = "".join(f"{name}:{self.headers[name].strip()}\n" for name in given["names"].split(";"))
        path, _, query = self.path.partition("?")
        request = f"{self.command}\n{path}\n{query}\n{headers}\n{given['names']}\n{hashed}"
        scope = f"{given['day']}/{given['region']}/s3/aws4_request"
        told = hashlib.sha256(request.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{self.headers['x-amz-date']}\n{scope}\n{told}"
        key = b"AWS4" + self.server.secret.encode()
        for part in (given["day"], given["region"], "s3", "aws4_request"):
            key = hmac.new(key, part.encode(), "sha256").digest()
        return hmac.compare_digest(hmac.new(key, text.encode(), "sha256").hexdigest(), given["signature"])

    def log_message(self, *_: object) -> None:
        """Quiet."""
