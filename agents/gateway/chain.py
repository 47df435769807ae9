"""Asking a chain of models: each link is retried, then the next one is asked, all within one deadline."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from agents.gateway import anthropic, recorded, scripted
from agents.gateway.types import Adapter, Link, ModelFailure, ModelReply, ModelRequest, OnDelta, Usage

ADAPTERS: dict[str, Adapter] = {"anthropic": anthropic, "scripted": scripted, "recorded": recorded}
MAX_ATTEMPTS = 5  # at one link
FIRST_PAUSE_SECONDS = 0.5
MIN_TIMEOUT_SECONDS = 0.001  # zero would mean something else to a socket
MAX_PAUSE_SECONDS = 20.0  # unless the provider names a longer one


def complete(
    chain: list[Link],
    request: ModelRequest,
    *,
    on_delta: OnDelta | None = None,
    deadline_seconds: float,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> ModelReply:
    """The next turn from the first link {"provider", "model"} that gives one; else the last link's ModelFailure.

    A second attempt announces itself to `on_delta` as {"type": "restart"}: what was streamed before it is void.
    """
    asking = _Asking(request, on_delta, clock() + deadline_seconds, sleep, clock)
    failure = ModelFailure("This agent names no model to ask.", kind="no_model", retryable=False)
    for link in chain:
        try:
            return asking.through(link)
        except ModelFailure as error:
            failure = error
        if asking.seconds_left() <= 0:
            break
    failure.attempts = tuple(asking.attempts)
    raise failure


def warm_up() -> None:
    """Import the provider's SDK and build its client now, so that a worker's first turn does not pay for it."""
    anthropic.warm_up()


@dataclass(slots=True)
class _Asking:
    """One `complete` under way."""

    request: ModelRequest
    on_delta: OnDelta | None
    deadline: float
    sleep: Callable[[float], None]
    clock: Callable[[], float]
    attempts: list[dict[str, Any]] = field(default_factory=list)

    def through(self, link: Link) -> ModelReply:
        """The link's reply, after as many retries as it is worth."""
        for retry in count():
            try:
                return self.attempt(link)
            except ModelFailure as failure:
                pause = pause_seconds(retry, failure)
                if not failure.retryable or retry + 1 == MAX_ATTEMPTS or pause >= self.seconds_left():
                    raise
            self.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def attempt(self, link: Link) -> ModelReply:
        """Ask once, and note how it went."""
        if self.attempts and self.on_delta:
            self.on_delta({"type": "restart"})
        began = self.clock()
        heard = _Listening(self.on_delta, self.clock) if self.on_delta else None
        try:
            reply = adapter(link).complete(self.request_to(link), heard)
        except ModelFailure as failure:
            self.note(link, failure.kind, began, failure.usage)
            raise
        self.note(link, "succeeded", began)
        first_seconds = round(heard.first_at - began, 3) if heard and heard.first_at is not None else None
        return replace(reply, attempts=tuple(self.attempts), first_seconds=first_seconds)

    def request_to(self, link: Link) -> ModelRequest:
        timeout = max(MIN_TIMEOUT_SECONDS, min(self.request.timeout, self.seconds_left()))
        return replace(self.request, model=link["model"], timeout=timeout)

    def note(self, link: Link, kind: str, began: float, spent: Usage | None = None) -> None:
        seconds = round(self.clock() - began, 3)
        attempt = {"provider": link["provider"], "model": link["model"], "kind": kind, "seconds": seconds}
        self.attempts.append(attempt | ({"usage": spent.counters()} if spent else {}))

    def seconds_left(self) -> float:
        return self.deadline - self.clock()


@dataclass(slots=True)
class _Listening:
    """Passes on what comes, and knows when that began."""

    on_delta: OnDelta
    clock: Callable[[], float]
    first_at: float | None = None

    def __call__(self, delta: dict[str, Any]) -> None:
        if self.first_at is None:
            self.first_at = self.clock()
        self.on_delta(delta)


def adapter(link: Link) -> Adapter:
    """The adapter that speaks to the link's provider."""
    if found := ADAPTERS.get(link["provider"]):
        return found
    known = ", ".join(sorted(ADAPTERS))
    message = f"There is no model provider “{link['provider']}”; known are {known}."
    raise ModelFailure(message, kind="unknown_provider", retryable=False)


def pause_seconds(retry: int, failure: ModelFailure) -> float:
    """How long to wait before retrying: doubling and capped, with jitter so that workers do not return in step."""
    backoff = min(MAX_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0**retry)
    return (failure.retry_after or 0.0) + backoff * random.uniform(0.5, 1.0)
