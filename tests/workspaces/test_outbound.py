import asyncio
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from workspaces import outbound
from workspaces.exceptions import OutboundFailed, OutboundRefused

ANSWER = b"HTTP/1.1 200 OK\r\nX-Seen: yes\r\nContent-Length: 5\r\n\r\nhello"


@contextmanager
def receiver(
    answer: Callable[[socket.socket], object], tls: ssl.SSLContext | None = None
) -> Iterator[tuple[int, list[bytes]]]:
    """A server on the loopback for one caller: its port, and what the caller sent."""
    heard: list[bytes] = []

    def serve() -> None:
        connection, _ = server.accept()
        connection.settimeout(10)
        try:
            with tls.wrap_socket(connection, server_side=True) if tls else connection as caller:
                heard.append(request_from(caller))
                answer(caller)
        except OSError:
            heard.append(b"broken off")

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1], heard
        thread.join()


def request_from(caller: socket.socket) -> bytes:
    """Head and body, which come in parts."""
    said = b""
    while part := caller.recv(65536):
        said += part
        head, _, body = said.partition(b"\r\n\r\n")
        if (length := re.search(rb"(?i)content-length: (\d+)", head)) and len(body) >= int(length[1]):
            break
    return said


def send_answer(caller: socket.socket) -> None:
    caller.sendall(ANSWER)


def failure_of(address: str, timeout: float = 15) -> str:
    with pytest.raises(OutboundFailed) as failure:
        asyncio.run(outbound.post(address, {}, b"secret", timeout))
    return failure.value.reason


def allow(settings, host: str, port: int) -> str:
    settings.OUTBOUND_ALLOWED = [f"{host}:{port}"]
    return f"{host}:{port}"


def test_an_allowed_target_is_called_at_the_address_that_was_looked_up_once(settings, names):
    names["hooks.internal"] = [["127.0.0.1"], ["10.9.9.9"]]
    with receiver(send_answer) as (port, heard):
        place = allow(settings, "hooks.internal", port)
        response = asyncio.run(outbound.post(f"http://{place}/in?x=1", {"webhook-id": "m1", "Host": "evil"}, b"{}"))
    assert (response.status, response.headers["x-seen"], response.body) == (200, "yes", b"hello")
    assert response.elapsed > 0
    assert names["hooks.internal"] == [["10.9.9.9"]]
    [said] = heard
    assert said.startswith(b"POST /in?x=1 HTTP/1.1\r\n") and said.endswith(b"\r\n\r\n{}")
    assert f"Host: {place}\r\n".encode() in said and b"evil" not in said
    assert b"webhook-id: m1\r\n" in said and b"content-length: 2" in said.lower()


def test_the_address_is_not_logged_for_it_may_hold_a_secret(settings, caplog):
    with receiver(send_answer) as (port, _):
        asyncio.run(outbound.post(f"http://{allow(settings, '127.0.0.1', port)}/T00/hunter2?key=hunter2", {}, b""))
    assert "hunter2" not in caplog.text


def test_allowing_one_port_allows_no_other(settings, no_connections):
    allow(settings, "127.0.0.1", 9000)
    with pytest.raises(OutboundRefused):
        asyncio.run(outbound.post("http://127.0.0.1:9001/", {}, b""))


@pytest.mark.parametrize("own", ["http://127.0.0.1:8000/v1/traces", "http://127.0.0.1.:8000/"])
def test_our_own_address_is_refused_even_where_allowed(settings, own):
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    allow(settings, "127.0.0.1", 8000)
    with pytest.raises(OutboundRefused) as refusal:
        outbound.check_url(own)
    assert refusal.value.reason == "own_address"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_an_answer_and_not_followed(settings, status):
    redirect = f"HTTP/1.1 {status} Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n".encode()
    with receiver(lambda caller: caller.sendall(redirect)) as (port, heard):
        response = asyncio.run(outbound.post(f"http://{allow(settings, '127.0.0.1', port)}/", {}, b""))
    assert (response.status, len(heard)) == (status, 1)


def flood(caller: socket.socket) -> None:
    caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
    while True:
        caller.sendall(b"x" * 65536)


def drip(caller: socket.socket) -> None:
    caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
    caller.recv(1)


def bomb(caller: socket.socket) -> None:
    caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08")


def test_of_an_endless_answer_the_first_4_kb_are_read(settings):
    with receiver(flood) as (port, _):
        response = asyncio.run(outbound.post(f"http://{allow(settings, '127.0.0.1', port)}/", {}, b""))
    assert response.body == b"x" * 4096


def test_a_packed_answer_is_not_unpacked(settings):
    with receiver(bomb) as (port, _):
        response = asyncio.run(outbound.post(f"http://{allow(settings, '127.0.0.1', port)}/", {}, b""))
    assert response.body == b"\x1f\x8b\x08"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (drip, "timeout"),
        (lambda caller: caller.recv(1), "timeout"),
        (lambda caller: None, "protocol"),
        (lambda caller: caller.sendall(b"SSH-2.0-OpenSSH\r\n\r\n"), "protocol"),
        (lambda caller: caller.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n"), "protocol"),
    ],
    ids=["stops half way", "never answers", "hangs up", "speaks another protocol", "endless header"],
)
def test_a_receiver_that_misbehaves_is_a_named_failure(settings, answer, reason):
    with receiver(answer) as (port, _):
        patience = 0.3 if reason == "timeout" else 15
        assert failure_of(f"http://{allow(settings, '127.0.0.1', port)}/", timeout=patience) == reason


def test_nobody_there_is_a_named_failure(settings):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert failure_of(f"http://{allow(settings, '127.0.0.1', port)}/") == "unreachable"


@pytest.fixture
def certificate(tmp_path) -> Callable[[str], ssl.SSLContext]:
    """A self-signed certificate for a name, as a server presents it."""

    def make(name: str) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        valid = builder.not_valid_before(datetime.now(UTC) - timedelta(days=1)).not_valid_after(
            datetime.now(UTC) + timedelta(days=1)
        )
        signed = valid.add_extension(names, critical=False).sign(key, hashes.SHA256())
        path = tmp_path / "server.pem"
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + signed.public_bytes(Encoding.PEM)
        path.write_bytes(pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    return make


def test_a_certificate_that_nobody_vouches_for_is_a_named_failure(settings, names, certificate):
    names["hooks.internal"] = [["127.0.0.1"]]
    with receiver(send_answer, certificate("hooks.internal")) as (port, heard):
        failure = failure_of(f"https://{allow(settings, 'hooks.internal', port)}/")
    assert (failure, heard) == ("tls", [b"broken off"])


@pytest.fixture
def trusting(monkeypatch, tmp_path) -> Callable[[], None]:
    """From now on the certificate made above is vouched for."""
    return lambda: monkeypatch.setattr(
        outbound, "_tls", lambda: ssl.create_default_context(cafile=tmp_path / "server.pem")
    )


def test_the_certificate_must_be_for_the_name(settings, names, certificate, trusting):
    names["hooks.internal"] = [["127.0.0.1"], ["127.0.0.1"]]
    with receiver(send_answer, certificate("hooks.internal")) as (port, _):
        trusting()
        assert asyncio.run(outbound.post(f"https://{allow(settings, 'hooks.internal', port)}/", {}, b"")).status == 200
    with receiver(send_answer, certificate("other.internal")) as (port, _):
        trusting()
        assert failure_of(f"https://{allow(settings, 'hooks.internal', port)}/") == "tls"


def test_proxies_of_the_environment_are_not_used(settings, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with receiver(send_answer) as (port, _):
        assert asyncio.run(outbound.post(f"http://{allow(settings, '127.0.0.1', port)}/", {}, b"")).status == 200
