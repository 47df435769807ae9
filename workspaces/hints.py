"""Doorbells: after a commit, ring a task and tell open pages. A lost hint costs time only; the sweep finds the rest."""

import threading
import time
from collections.abc import Callable
from functools import cache, partial
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

import orjson
from django.conf import settings
from django.db import transaction

from workspaces import tally

QUEUE = "advance"  # of doorbells
CHANNEL = "cs:hints"
TEXT_CHANNEL = "cs:text"  # what models say while they say it
BREAK_AFTER_FAILURES = 3
BREAK_SECONDS = 5.0
SLOW_SECONDS = 0.25  # a failure that took so long is not tried three times: somebody waits for the sum


class Breaker:
    """After some failures in a row nobody waits for the broker; once in a while one caller tries again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._closed_at = 0.0

    def attempt(self, call: Callable[[], Any]) -> bool:
        """Whether `call` was made and went well."""
        went_well = self._may_try() and self._try(call)
        if not went_well:
            tally.add("hints_dropped")
        return went_well

    def _try(self, call: Callable[[], Any]) -> bool:
        began = time.monotonic()
        try:
            call()
        except broker().UNREACHABLE:
            self._failed(BREAK_AFTER_FAILURES if time.monotonic() - began > SLOW_SECONDS else 1)
            return False
        self._failures = 0
        return True

    def _may_try(self) -> bool:
        with self._lock:
            if self._failures < BREAK_AFTER_FAILURES:
                return True
            if time.monotonic() < self._closed_at:
                return False
            self._closed_at = time.monotonic() + BREAK_SECONDS  # the others keep out while this one tries
            return True

    def _failed(self, times: int) -> None:
        with self._lock:
            self._failures += times
            self._closed_at = time.monotonic() + BREAK_SECONDS


breaker = Breaker()


def after_commit(task: str, *args: Any) -> None:
    """Ring the Celery task `task` once the current transaction is committed; never blocks or fails the caller."""
    transaction.on_commit(partial(ring_now, task, *args), robust=True)


def ring_now(task: str, *args: Any) -> bool:
    """Ring a task at once; says whether the broker took it."""
    return bool(settings.BROKER_URL) and breaker.attempt(lambda: broker().send(task, args))


def page(topic: str, object_id: UUID | None, kind: str, workspace_id: int) -> None:
    """Tell open pages, once the current transaction is committed, that something of theirs changed."""
    if settings.BROKER_URL:
        hint = {"w": workspace_id, "t": topic, "id": str(object_id or ""), "k": kind}
        transaction.on_commit(partial(publish, orjson.dumps(hint).decode()), robust=True)


def publish(message: str) -> bool:
    """Send a live-page message to every web process; says whether the broker took it."""
    return bool(settings.BROKER_URL) and breaker.attempt(lambda: broker().client().publish(CHANNEL, message))


def publish_text(message: str) -> bool:
    """Send a piece of what a model says to every web process; nobody waits for it and nothing keeps it."""
    return bool(settings.BROKER_URL) and breaker.attempt(lambda: broker().client().publish(TEXT_CHANNEL, message))


def redis_url(broker_url: str) -> str:
    """The address of the broker as redis-py writes it: Celery writes sockets as redis+socket:///path?virtual_host=1."""
    parts = urlsplit(broker_url)
    if parts.scheme != "redis+socket":
        return broker_url
    query = parse_qs(parts.query)
    database = query.pop("virtual_host", ["0"])[0].lstrip("/") or "0"
    return f"unix://{parts.path}?{urlencode({'db': database})}"


def get_ready() -> None:
    """Load the client now instead of with the first ring, which somebody waits for."""
    if settings.BROKER_URL:
        broker()


@cache
def broker() -> ModuleType:
    """The client, loaded by the processes that ring: redis-py is a part of what starting one takes."""
    from workspaces import broker

    return broker


def doorbells() -> int | None:
    """How many rings wait in the broker to be heard; None without a broker, or where it does not answer."""
    if not settings.BROKER_URL:
        return None
    try:
        return int(broker().waiting())
    except broker().UNREACHABLE:
        return None
