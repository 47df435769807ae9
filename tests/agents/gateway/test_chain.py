"""Retries and fallbacks, on scripts that fail as told and on a clock that moves when somebody sleeps."""

from collections.abc import Iterator
from typing import Any

import pytest

from agents.gateway import ModelFailure, ModelReply, ModelRequest, complete
from agents.gateway.chain import MAX_ATTEMPTS
from agents.gateway.scripted import say, script
from agents.gateway.types import Block, Link
from tests.messages_api import MessagesAPI, cut, status, turn

FIRST: Link = {"provider": "scripted", "model": "first"}
SECOND: Link = {"provider": "scripted", "model": "second"}
CLAUDE: Link = {"provider": "anthropic", "model": "claude-sonnet-5-5"}
REQUEST = ModelRequest(messages=[{"role": "user", "content": "Hi"}])
FINE = [say("Fine.")]


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0
        self.naps: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def ask(clock: Clock, *chain: Link, deadline_seconds: float = 600, **settings: Any) -> ModelReply:
    return complete(list(chain), REQUEST, deadline_seconds=deadline_seconds, sleep=clock.sleep, clock=clock, **settings)


def failure_of(clock: Clock, *chain: Link, **settings: Any) -> ModelFailure:
    with pytest.raises(ModelFailure) as raised:
        ask(clock, *chain, **settings)
    return raised.value


def does(link: Link, *outcomes: list[Block] | ModelFailure) -> Iterator[list[Block] | ModelFailure]:
    """Make the scripted model answer with these, one a call; what is left of them afterwards."""
    left = iter(outcomes)

    @script(link["model"])
    def answer(request: ModelRequest) -> list[Block]:
        outcome = next(left)
        if isinstance(outcome, ModelFailure):
            raise outcome
        return outcome

    return left


def overloaded(retry_after: float | None = None) -> ModelFailure:
    return ModelFailure("Overloaded.", kind="overloaded", retryable=True, retry_after=retry_after)


def refused() -> ModelFailure:
    return ModelFailure("Refused.", kind="bad_request", retryable=False)


def kinds(told: ModelReply | ModelFailure) -> list[tuple[str, str]]:
    return [(attempt["model"], attempt["kind"]) for attempt in told.attempts]


def test_a_reply_at_once_is_one_attempt(clock: Clock) -> None:
    does(FIRST, FINE)
    reply = ask(clock, FIRST, SECOND)
    assert (reply.text, reply.first_seconds) == ("Fine.", None)
    assert reply.attempts == ({"provider": "scripted", "model": "first", "kind": "succeeded", "seconds": 0.0},)


def test_a_passing_failure_is_tried_again(clock: Clock) -> None:
    does(FIRST, overloaded(), overloaded(), FINE)
    reply = ask(clock, FIRST)
    assert kinds(reply) == [("first", "overloaded"), ("first", "overloaded"), ("first", "succeeded")]


def test_pauses_double_and_are_spread(clock: Clock) -> None:
    does(FIRST, *[overloaded()] * 4, FINE)
    ask(clock, FIRST)
    assert all(low <= nap <= 2 * low for nap, low in zip(clock.naps, [0.25, 0.5, 1, 2], strict=True))


def test_a_lasting_failure_is_not_tried_again(clock: Clock) -> None:
    left = does(FIRST, refused(), FINE)
    assert failure_of(clock, FIRST).kind == "bad_request"
    assert list(left) == [FINE]


def test_a_model_that_keeps_failing_is_given_up(clock: Clock) -> None:
    does(FIRST, *[overloaded()] * 99)
    failure = failure_of(clock, FIRST)
    assert kinds(failure) == [("first", "overloaded")] * MAX_ATTEMPTS


def test_the_next_model_takes_over(clock: Clock) -> None:
    does(FIRST, refused())
    does(SECOND, FINE)
    reply = ask(clock, FIRST, SECOND)
    assert (reply.text, reply.model) == ("Fine.", "second")
    assert kinds(reply) == [("first", "bad_request"), ("second", "succeeded")]


def test_when_all_fail_the_last_failure_tells_of_all(clock: Clock) -> None:
    does(FIRST, refused())
    does(SECOND, ModelFailure("No.", kind="forbidden", retryable=False))
    failure = failure_of(clock, FIRST, SECOND)
    assert failure.kind == "forbidden"
    assert kinds(failure) == [("first", "bad_request"), ("second", "forbidden")]


def test_the_provider_s_wish_to_wait_is_honoured(clock: Clock) -> None:
    does(FIRST, overloaded(retry_after=30), FINE)
    ask(clock, FIRST)
    assert 30 < clock.naps[0] < 31


def test_a_wait_beyond_the_deadline_is_not_begun(clock: Clock) -> None:
    does(FIRST, overloaded(retry_after=30), FINE)
    assert failure_of(clock, FIRST, deadline_seconds=20).kind == "overloaded"
    assert clock.naps == []


def test_a_wait_beyond_the_deadline_hands_over_at_once(clock: Clock) -> None:
    does(FIRST, overloaded(retry_after=30), FINE)
    does(SECOND, FINE)
    assert ask(clock, FIRST, SECOND, deadline_seconds=20).model == "second"
    assert clock.naps == []


def test_after_the_deadline_nobody_is_asked(clock: Clock) -> None:
    @script("first")
    def slow(request: ModelRequest) -> list[Block]:
        clock.now += 25
        raise overloaded()

    left = does(SECOND, FINE)
    assert failure_of(clock, FIRST, SECOND, deadline_seconds=20).kind == "overloaded"
    assert list(left) == [FINE]


def test_an_attempt_has_no_more_time_than_is_left(clock: Clock) -> None:
    given = []

    @script("first")
    def slow(request: ModelRequest) -> list[Block]:
        given.append(request.timeout)
        clock.now += 190
        raise overloaded()

    failure_of(clock, FIRST, deadline_seconds=200)
    assert given[0] == REQUEST.timeout
    assert 0 < given[1] < 10


def test_a_second_attempt_voids_what_was_streamed(clock: Clock) -> None:
    does(FIRST, overloaded(), FINE)
    deltas: list[dict[str, Any]] = []
    ask(clock, FIRST, on_delta=deltas.append)
    assert deltas[0] == {"type": "restart"}
    assert "".join(delta.get("text", "") for delta in deltas) == "Fine."


def test_a_first_attempt_voids_nothing(clock: Clock) -> None:
    does(FIRST, FINE)
    deltas: list[dict[str, Any]] = []
    ask(clock, FIRST, on_delta=deltas.append)
    assert {delta["type"] for delta in deltas} == {"text"}


def test_an_agent_without_models_is_told_so(clock: Clock) -> None:
    assert failure_of(clock).kind == "no_model"


def test_an_unknown_provider_is_named_with_the_known_ones(clock: Clock) -> None:
    failure = failure_of(clock, {"provider": "oracle", "model": "delphi"})
    assert failure.kind == "unknown_provider"
    assert "“oracle”" in str(failure)
    assert "anthropic, recorded, scripted" in str(failure)


def test_claude_too_busy_once_is_asked_again(clock: Clock, claude: MessagesAPI) -> None:
    claude.will(status(429, retry_after="7"), turn(FINE))
    reply = ask(clock, CLAUDE)
    assert [attempt["kind"] for attempt in reply.attempts] == ["rate_limited", "succeeded"]
    assert 7 < clock.naps[0] < 8


def test_a_half_streamed_turn_leaves_no_trace_in_the_reply(clock: Clock, claude: MessagesAPI) -> None:
    claude.will(cut(), turn(FINE))
    deltas: list[dict[str, Any]] = []
    reply = ask(clock, CLAUDE, on_delta=deltas.append)
    assert reply.text == "Fine."
    assert [delta["type"] for delta in deltas] == ["text", "restart", "text", "text"]
    assert clock.now > 0 and reply.first_seconds == 0.0  # from the beginning of the attempt that counts


def test_every_attempt_carries_the_same_key(clock: Clock, claude: MessagesAPI) -> None:
    claude.will(status(529), turn(FINE))
    keyed = ModelRequest(messages=REQUEST.messages, key="run-7:3")
    complete([CLAUDE], keyed, deadline_seconds=60, sleep=clock.sleep, clock=clock)
    assert [request["headers"]["idempotency-key"] for request in claude.requests] == ["run-7:3"] * 2


def test_what_a_reply_that_broke_off_has_used_is_told_with_its_attempt(clock: Clock, claude: MessagesAPI) -> None:
    claude.will(cut(), turn(FINE))
    failed, succeeded = ask(clock, CLAUDE).attempts
    assert failed["kind"] == "truncated" and failed["usage"]["input"] > 0
    assert set(failed["usage"]) == {"input", "cache_read", "cache_write", "output"} and "usage" not in succeeded
