"""An S3-compatible object store: three requests, signed by hand (AWS Signature Version 4)."""

import hashlib
import hmac
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Self
from urllib.parse import parse_qs, quote, urlsplit

import httpx2
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from agents.exceptions import ValueMissing, ValueUnreachable

TIMEOUT_SECONDS = 4.0  # without a byte; a flow that reads a value is cut off for computing too long otherwise
TRIES = 2
PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket, or a folder of one, as `s3://bucket/folder?endpoint=https://…&region=…` names it."""

    address: str
    endpoint: str
    name: str
    folder: str
    region: str

    @classmethod
    def at(cls, address: str) -> Self:
        """The bucket of this address; raises ImproperlyConfigured."""
        parts = urlsplit(address)
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        region = options.get("region", "us-east-1")
        endpoint = options.get("endpoint", f"https://s3.{region}.amazonaws.com").rstrip("/")
        if parts.scheme != "s3" or not parts.netloc or not endpoint.startswith(("https://", "http://")):
            raise ImproperlyConfigured("BLOB_STORE is s3://bucket/folder?endpoint=https://host&region=name.")
        return cls(address, endpoint, parts.netloc, parts.path.strip("/"), region)

    def put(self, key: str, content: bytes) -> None:
        """Store the bytes under the key, over whatever was there. Raises ValueUnreachable."""
        self._check(self._asked("PUT", key, content), key)

    def get(self, key: str) -> bytes:
        """The bytes under the key. Raises ValueMissing and ValueUnreachable."""
        response = self._asked("GET", key)
        if response.status_code == 404:
            raise ValueMissing(f"The object store has no {key}.")
        return self._check(response, key)

    def delete(self, key: str) -> None:
        """See that there is nothing under the key."""
        response = self._asked("DELETE", key)
        if response.status_code != 404:
            self._check(response, key)

    def _check(self, response: httpx2.Response, key: str) -> bytes:
        if not response.is_success:
            raise ValueUnreachable(f"The object store answers {response.status_code} for {key}.")
        return response.content

    def _asked(self, method: str, key: str, content: bytes = b"") -> httpx2.Response:
        """The answer; what may be over in a moment is tried again."""
        path = "/" + quote("/".join(part for part in (self.name, self.folder, key) if part))
        for left in range(TRIES - 1, -1, -1):
            headers = signed(method, self.endpoint, path, content, self.region, datetime.now(UTC))
            try:
                response = _client().request(method, self.endpoint + path, content=content, headers=headers)
            except httpx2.TransportError as error:
                if not left:
                    raise ValueUnreachable(f"The object store does not answer: {type(error).__name__}.") from error
            else:
                if response.status_code < 500 or not left:
                    return response
            time.sleep(PAUSE_SECONDS)
        raise AssertionError("the last try answers or raises")


def bucket() -> Bucket | None:
    """The store that BLOB_STORE names; None: values are kept in the database."""
    return Bucket.at(settings.BLOB_STORE) if settings.BLOB_STORE else None


def signed(method: str, endpoint: str, path: str, content: bytes, region: str, now: datetime) -> dict[str, str]:
    """The headers that prove who asks, for exactly this request and these bytes."""
    moment, hashed = now.strftime("%Y%m%dT%H%M%SZ"), hashlib.sha256(content).hexdigest()
    headers = {"host": urlsplit(endpoint).netloc, "x-amz-content-sha256": hashed, "x-amz-date": moment}
    names = ";".join(headers)
    told = "".join(f"{name}:{value}\n" for name, value in headers.items())
    where, _, query = path.partition("?")
    request = "\n".join([method, where, query, told, names, hashed])
    scope = f"{moment[:8]}/{region}/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = f"AWS4{settings.BLOB_STORE_SECRET}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    credential = f"{settings.BLOB_STORE_KEY_ID}/{scope}"
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}"
    return headers


@cache
def _client() -> httpx2.Client:
    """One a process; the address is the operator's own, so none of the checks for users' addresses apply."""
    return httpx2.Client(timeout=TIMEOUT_SECONDS, trust_env=False, follow_redirects=False)
