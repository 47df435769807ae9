"""HTTP on behalf of users: resolve once, check every address, connect to a checked one, follow nothing, read little."""

import asyncio
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import httpx2
from django.conf import settings

from workspaces.addresses import is_public
from workspaces.exceptions import OutboundFailed, OutboundRefused

PORTS = {80, 443, 8443}
DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_URL = 2000
MAX_BODY = 4096
OWN_HEADERS = {"host", "content-length", "transfer-encoding", "connection", "accept-encoding"}


@dataclass(frozen=True, slots=True)
class OutboundResponse:
    """What came back: the first 4 KB of the body, undecoded; a redirect is an answer like any other."""

    status: int
    headers: dict[str, str]
    body: bytes
    elapsed: float


@dataclass(frozen=True, slots=True)
class Target:
    """An address in words, taken apart and acceptable as such; where it leads is checked when it is resolved."""

    url: httpx2.URL
    host: str
    port: int
    is_allowed: bool

    @classmethod
    def read(cls, text: str) -> "Target":
        """The target that `text` names, or OutboundRefused."""
        url = _parse(text)
        host = url.host.rstrip(".")
        port = url.port or DEFAULT_PORTS[url.scheme]
        target = cls(url, host, port, f"{host}:{port}" in settings.OUTBOUND_ALLOWED)
        target._check()
        return target

    def checked(self, addresses: list[str]) -> str:
        """The first address, if all of them may be called: one bad one among good ones is how rebinding starts."""
        if not addresses:
            raise OutboundRefused("unresolvable", f"The name {self.host} does not lead anywhere.")
        if not self.is_allowed and not all(is_public(address) for address in addresses):
            raise OutboundRefused("private_address", f"{self.host} leads into a private or reserved network.")
        return addresses[0]

    def _check(self) -> None:
        own = httpx2.URL(settings.PUBLIC_URL)
        if (self.host, self.port) == (own.host, own.port or DEFAULT_PORTS[own.scheme]):
            raise OutboundRefused("own_address", "This is Countersign's own address.")
        if self.is_allowed:
            return
        if self.url.scheme != "https":
            raise OutboundRefused("plain_http", "Only https is called.")
        if self.port not in PORTS:
            raise OutboundRefused("port", f"Port {self.port} is not called; 80, 443 and 8443 are.")


def check_url(url: str) -> None:
    """For the moment when an address is registered; raises OutboundRefused. `post` checks again when it calls."""
    target = Target.read(url)
    target.checked(_addresses(target))


async def post(url: str, headers: Mapping[str, str], body: bytes, timeout: float = 15) -> OutboundResponse:
    """POST `body` once; raises OutboundRefused before anything is sent, OutboundFailed if no answer came."""
    began = time.monotonic()
    target = Target.read(url)
    try:
        async with asyncio.timeout(timeout):
            address = target.checked(await _resolve(target))
            status, received, start = await _send(target, address, headers, body)
    except (TimeoutError, httpx2.TimeoutException) as error:
        raise OutboundFailed("timeout", f"No complete answer within {timeout:g} seconds.") from error
    except httpx2.TransportError as error:
        raise _failure(error) from error
    return OutboundResponse(status, received, start, time.monotonic() - began)


async def _send(
    target: Target, address: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, dict[str, str], bytes]:
    """Talk to `address` only; name and certificate stay those of the host."""
    sent = {name: value for name, value in headers.items() if name.lower() not in OWN_HEADERS}
    sent |= {"Host": target.url.netloc.decode(), "Accept-Encoding": "identity", "Connection": "close"}
    transport = httpx2.AsyncHTTPTransport(verify=_tls(), trust_env=False)
    async with httpx2.AsyncClient(transport=transport, trust_env=False, timeout=None) as client:
        request = client.build_request(
            "POST",
            target.url.copy_with(host=address),
            headers=sent,
            content=body,
            extensions={"sni_hostname": target.host},
        )
        response = await client.send(request, stream=True, follow_redirects=False)
        try:
            return response.status_code, dict(response.headers), await _start_of(response)
        finally:
            await response.aclose()


async def _start_of(response: httpx2.Response) -> bytes:
    start = b""
    async for chunk in response.aiter_raw():
        start += chunk
        if len(start) >= MAX_BODY:
            break
    return start[:MAX_BODY]


async def _resolve(target: Target) -> list[str]:
    return await asyncio.get_running_loop().run_in_executor(None, _addresses, target)


def _addresses(target: Target) -> list[str]:
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise OutboundRefused("unresolvable", f"The name {target.host} does not lead anywhere.") from error
    return [str(place[0]) for *_, place in found]


@cache
def _tls() -> ssl.SSLContext:
    return httpx2.create_ssl_context(trust_env=False)


def _parse(text: str) -> httpx2.URL:
    if not text.isascii() or not text.isprintable() or set(text) & set(' \\"<>^`{|}') or len(text) > MAX_URL:
        raise OutboundRefused("malformed", "An address is plain ASCII without spaces (write other names in punycode).")
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL as error:
        raise OutboundRefused("malformed", "This is not an address.") from error
    if url.scheme not in DEFAULT_PORTS:
        raise OutboundRefused("scheme", "An address begins with https://")
    if not url.host or url.userinfo or url.fragment or "#" in text:
        raise OutboundRefused("malformed", "An address names a host, and neither a user nor a fragment.")
    return url


def _failure(error: httpx2.TransportError) -> OutboundFailed:
    if isinstance(error.__cause__ or error.__context__, ssl.SSLError) or "CERTIFICATE" in str(error):
        return OutboundFailed("tls", "The certificate of the receiver is not valid for this address.")
    if isinstance(error, httpx2.ConnectError):
        return OutboundFailed("unreachable", "Nobody answers at this address.")
    return OutboundFailed("protocol", "The receiver broke off or does not speak HTTP.")
