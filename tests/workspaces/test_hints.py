import base64
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from uuid import uuid4

import pytest
import redis
from django.db import transaction
from redis.exceptions import ConnectionError

from workspaces import hints

PATIENCE = 1.0  # a bound for one caller, not a measurement: the timeout is half of it


@pytest.fixture(autouse=True)
def closed_breaker(monkeypatch):
    monkeypatch.setattr(hints, "breaker", hints.Breaker())


@pytest.fixture
def rung(settings):
    """The queue of the workers: what was rung since the last look."""
    client = redis.Redis.from_url(hints.redis_url(settings.BROKER_URL))
    client.delete(hints.QUEUE)

    def messages():
        raw = client.lrange(hints.QUEUE, 0, -1)
        client.delete(hints.QUEUE)
        found = [json.loads(message) for message in raw]
        return [(each["headers"]["task"], json.loads(base64.b64decode(each["body"]))[0]) for each in found]

    yield messages
    client.close()


@contextmanager
def hung_broker() -> Iterator[str]:
    """Accepts every connection and never says anything."""
    with ExitStack() as held, socket.create_server(("127.0.0.1", 0)) as server:
        stopped = threading.Event()

        def accept() -> None:
            while not stopped.is_set():
                connection, _ = server.accept()
                held.enter_context(connection)

        thread = threading.Thread(target=accept)
        thread.start()
        address = server.getsockname()
        yield f"redis://127.0.0.1:{address[1]}/0"
        stopped.set()
        socket.create_connection(address).close()
        thread.join()


def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"redis://127.0.0.1:{server.getsockname()[1]}/0"


@pytest.mark.django_db(transaction=True)
def test_a_task_is_rung_after_the_commit_and_not_before(rung):
    with transaction.atomic():
        hints.after_commit("agents.advance_run", "run-1")
        assert rung() == []
    assert rung() == [("agents.advance_run", ["run-1"])]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_rung_for_a_change_that_was_undone(rung):
    with transaction.atomic():
        hints.after_commit("agents.advance_run", "run-1")
        transaction.set_rollback(True)
    assert rung() == []


@pytest.mark.django_db(transaction=True)
def test_a_page_hears_of_a_change_after_the_commit(hints_channel):
    approval = uuid4()
    with transaction.atomic():
        hints.page("approval", approval, "approval.requested", 7)
        assert hints_channel(approval) is None
    assert json.loads(hints_channel(approval)) == {
        "w": 7,
        "t": "approval",
        "id": str(approval),
        "k": "approval.requested",
    }


def test_without_a_broker_nothing_is_sent_and_nothing_fails(settings, rung):
    settings.BROKER_URL = ""
    assert not hints.ring_now("agents.advance_run", "run-1")
    assert not hints.publish("{}")


@pytest.mark.parametrize("hint", [lambda: hints.ring_now("agents.advance_run", "run-1"), lambda: hints.publish("{}")])
def test_a_hung_broker_costs_little_and_then_nothing(settings, hint):
    with hung_broker() as settings.BROKER_URL:
        for _ in range(hints.BREAK_AFTER_FAILURES):
            began = time.monotonic()
            assert not hint()
            assert time.monotonic() - began < PATIENCE
        began = time.monotonic()
        assert [hint() for _ in range(1000)] == [False] * 1000
        assert time.monotonic() - began < PATIENCE


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("address", ["redis://127.0.0.1:{}/0", "redis+socket:///nowhere/valkey.sock"])
def test_a_broker_that_is_away_fails_no_commit(settings, acme, address):
    settings.BROKER_URL = closed_port() if "{}" in address else address
    with transaction.atomic():
        acme.slug = "renamed"
        acme.save()
        hints.after_commit("agents.advance_run", "run-1")
        hints.page("run", uuid4(), "run.waiting", acme.pk)
    acme.refresh_from_db()
    assert acme.slug == "renamed"
    assert hints.breaker._failures == 2


def test_the_broker_is_tried_again_after_a_while_by_one_caller(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(hints.time, "monotonic", lambda: clock[0])
    breaker, tried = hints.Breaker(), []

    def fail():
        tried.append(clock[0])
        raise ConnectionError

    for _ in range(5):
        breaker.attempt(fail)
    assert tried == [100.0] * 3
    clock[0] += hints.BREAK_SECONDS
    assert [breaker.attempt(fail), breaker.attempt(fail)] == [False, False]
    assert tried == [100.0] * 3 + [105.0]
    clock[0] += hints.BREAK_SECONDS
    assert breaker.attempt(lambda: None) and breaker.attempt(lambda: None)
    assert not breaker.attempt(fail) and breaker.attempt(lambda: None)


def test_a_mistake_of_ours_is_not_taken_for_a_broken_broker():
    with pytest.raises(ZeroDivisionError):
        hints.breaker.attempt(lambda: 1 / 0)


@pytest.mark.parametrize(
    ("broker", "client"),
    [
        ("redis+socket:///var/run/valkey.sock", "unix:///var/run/valkey.sock?db=0"),
        ("redis+socket:///var/run/valkey.sock?virtual_host=3", "unix:///var/run/valkey.sock?db=3"),
        ("redis://:secret@broker:6380/2", "redis://:secret@broker:6380/2"),
        ("rediss://broker/0", "rediss://broker/0"),
    ],
)
def test_addresses_of_the_broker_are_understood(broker, client):
    assert hints.redis_url(broker) == client
