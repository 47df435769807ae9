"""The clients that speak to the broker: Celery's rings, redis-py's publishes."""

from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.utils.module_loading import import_string
from kombu.connection import Connection
from kombu.exceptions import KombuError
from kombu.pools import producers
from redis.backoff import NoBackoff
from redis.retry import Retry

from workspaces.hints import redis_url

TIMEOUT_SECONDS = 0.5
UNREACHABLE = (KombuError, redis.RedisError, OSError)


def send(task: str, args: tuple[Any, ...]) -> None:
    """Put one doorbell for this Celery task into the queue."""
    with producers[_connection(settings.BROKER_URL)].acquire(block=True, timeout=TIMEOUT_SECONDS) as producer:
        _celery().send_task(task, args, producer=producer, ignore_result=True, retry=False)


def waiting() -> int:
    """How many doorbells nobody has heard yet."""
    return int(client().llen(_celery().conf.task_default_queue))


def client() -> redis.Redis:
    """One client a process and address; it connects when first used."""
    return _client(settings.BROKER_URL)


@cache
def _client(broker_url: str) -> redis.Redis:
    return redis.Redis.from_url(
        redis_url(broker_url),
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def _celery() -> Any:
    return import_string(settings.CELERY_APP)


@cache
def _connection(broker_url: str) -> Connection:
    """A connection of our own: the worker's must not time out while it waits for the next message."""
    options = {
        "socket_timeout": TIMEOUT_SECONDS,
        "socket_connect_timeout": TIMEOUT_SECONDS,
        "retry_on_timeout": False,
        "max_retries": 0,
    }
    return Connection(broker_url, transport_options=options, connect_timeout=TIMEOUT_SECONDS)  # type: ignore[no-untyped-call]
