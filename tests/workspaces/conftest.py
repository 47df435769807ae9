import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from django.conf import LazySettings

from tests.people import make_member, make_person, make_workspace
from workspaces import hints
from workspaces.models import Person, Workspace


@pytest.fixture
def acme(db: None) -> Workspace:
    return make_workspace()


@pytest.fixture
def olga(acme: Workspace) -> Person:
    return make_member(acme, "olga", "operator")


@pytest.fixture
def ana(acme: Workspace) -> Person:
    return make_member(acme, "ana", "approver")


@pytest.fixture
def root(acme: Workspace) -> Person:
    return make_member(acme, "root", "admin")


@pytest.fixture
def sam(db: None) -> Person:
    return make_person("sam")


@pytest.fixture
def home(tmp_path: Path, settings: LazySettings) -> Path:
    settings.COUNTERSIGN_HOME = tmp_path
    return tmp_path


@pytest.fixture
def hints_channel(settings: LazySettings) -> Iterator[Callable[[object], str | None]]:
    """Listens to live-page hints: the message that mentions something, or None if it does not come."""
    client = redis.Redis.from_url(hints.redis_url(settings.BROKER_URL))
    listener = client.pubsub(ignore_subscribe_messages=True)
    listener.subscribe(hints.CHANNEL)
    listener.get_message(timeout=5)

    def heard(what: object) -> str | None:
        while message := listener.get_message(timeout=0.3):
            if str(what) in message["data"].decode():
                return str(message["data"].decode())
        return None

    yield heard
    listener.close()
    client.close()


@pytest.fixture
def no_connections(monkeypatch):
    """Zero packets to the target: opening any connection fails the test."""

    def refuse(*args):
        raise AssertionError(f"connected to {args[1:]}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)


def answers(*addresses: str) -> list[tuple]:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]


@pytest.fixture
def names(monkeypatch) -> dict[str, list[list[str]]]:
    """A name service of our own: for each name, the addresses of each further question. Nobody else is asked."""
    known: dict[str, list[list[str]]] = {}

    def resolve(host, port, *args, **kwargs):
        if host in known:
            return answers(*known[host].pop(0))
        return real(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)

    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return known
