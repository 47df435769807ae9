"""Claude's adapter with the real SDK, against our own server that speaks the Messages API."""

from typing import Any

import pytest
from pytest_django.fixtures import Settings

from agents.gateway import ModelFailure, ModelReply, ModelRequest, anthropic
from agents.gateway.types import OnDelta
from tests.messages_api import (
    MessagesAPI,
    cut,
    dripping,
    error_in_stream,
    hung_up,
    silent,
    status,
    stream_of,
    torn,
    turn,
)
from tests.messages_api.answers import Answer

HELLO = {"type": "text", "text": "Hello."}
A_WORD = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x"}}


def ask(on_delta: OnDelta | None = None, **settings: Any) -> ModelReply:
    given = {"model": "claude-sonnet-5-5", "messages": [{"role": "user", "content": "Hi"}], **settings}
    return anthropic.complete(ModelRequest(**given), on_delta)


def failure_of(**settings: Any) -> ModelFailure:
    with pytest.raises(ModelFailure) as raised:
        ask(**settings)
    return raised.value


def test_a_missing_key_says_what_to_set(settings: Settings) -> None:
    settings.ANTHROPIC_API_KEY = ""
    failure = failure_of()
    assert (failure.kind, failure.retryable) == ("no_api_key", False)
    assert "set ANTHROPIC_API_KEY" in str(failure)


def test_the_key_goes_with_the_request(claude: MessagesAPI) -> None:
    claude.will(turn([HELLO]))
    ask(key="run-7:3")
    headers = {name.lower(): value for name, value in claude.requests[0]["headers"].items()}
    assert "the-key-of-the-tests" in headers.get("x-api-key", headers.get("authorization", ""))
    assert headers["idempotency-key"] == "run-7:3"


def test_counters_are_taken_as_the_provider_reports_them(claude: MessagesAPI) -> None:
    reported = {"input_tokens": 7, "cache_read_input_tokens": 900, "cache_creation_input_tokens": 50}
    claude.will(turn([HELLO], usage={**reported, "output_tokens": 12}))
    usage = ask().usage
    assert (usage.input_tokens, usage.cache_read_tokens, usage.cache_write_tokens, usage.output_tokens) == (
        7,
        900,
        50,
        12,
    )


def test_the_reply_carries_the_provider_s_ids(claude: MessagesAPI) -> None:
    claude.will(turn([HELLO]))
    reply = ask()
    assert reply.response_id == "msg_local"
    assert reply.request_id.startswith("req_")


@pytest.mark.parametrize("stop", ["max_tokens", "refusal", "pause_turn", "model_context_window_exceeded"])
def test_the_reason_to_stop_is_passed_on(claude: MessagesAPI, stop: str) -> None:
    claude.will(turn([HELLO], stop=stop))
    assert ask().stop == stop


def test_blocks_of_a_kind_from_the_future_are_kept(claude: MessagesAPI) -> None:
    block = {"type": "hologram", "shape": {"sides": 6}}
    begin = {"type": "content_block_start", "index": 1, "content_block": block}
    claude.will(stream_of(begin, *ending()))
    assert ask().blocks[1] == block


def test_one_connection_serves_many_turns(claude: MessagesAPI) -> None:
    claude.will(turn([HELLO]), turn([HELLO]), status(429), turn([HELLO]))
    ask(), ask(), failure_of(), ask()
    assert len({request["client"] for request in claude.requests}) == 1


@pytest.mark.parametrize(
    ("code", "kind", "retryable"),
    [
        (400, "bad_request", False),
        (401, "unauthorized", False),
        (402, "billing", False),
        (403, "forbidden", False),
        (404, "not_found", False),
        (409, "conflict", True),
        (413, "too_large", False),
        (422, "bad_request", False),
        (429, "rate_limited", True),
        (500, "server_error", True),
        (503, "server_error", True),
        (504, "timeout", True),
        (529, "overloaded", True),
    ],
)
def test_an_error_status_has_a_name(claude: MessagesAPI, code: int, kind: str, retryable: bool) -> None:
    claude.will(status(code))
    failure = failure_of()
    assert (failure.kind, failure.retryable, failure.status) == (kind, retryable, code)
    assert failure.request_id.startswith("req_")
    assert f"This is a {code}." in str(failure)


@pytest.mark.parametrize(
    ("header", "seconds"), [("3", 3.0), ("0.5", 0.5), ("soon", None), ("nan", None), ("inf", None), ("-1", None)]
)
def test_retry_after_is_believed_when_it_makes_sense(claude: MessagesAPI, header: str, seconds: float | None) -> None:
    claude.will(status(429, retry_after=header))
    assert failure_of().retry_after == seconds


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param(error_in_stream("overloaded_error"), "overloaded", id="error event: overloaded"),
        pytest.param(error_in_stream("api_error"), "server_error", id="error event: api_error"),
        pytest.param(error_in_stream("something_new"), "server_error", id="error event: unknown"),
        pytest.param(cut(), "truncated", id="cut"),
        pytest.param(torn(), "connection", id="torn"),
        pytest.param(hung_up(), "connection", id="hung up"),
        pytest.param(stream_of(b"data: \xff\xfe\n\n"), "unreadable", id="not UTF-8"),
        pytest.param(stream_of(b"event: message_delta\ndata: {no\n\n"), "unreadable", id="not JSON"),
        pytest.param(
            stream_of(b"event: message_delta\ndata: " + b"[" * 100_000 + b"\n\n"),
            "unreadable",
            id="deep",
        ),
        pytest.param(stream_of(b"event: message_delta\ndata: []\n\n"), "unreadable", id="not an event"),
        pytest.param(stream_of({**A_WORD, "index": 9}), "unreadable", id="a delta of no block"),
        pytest.param(
            stream_of({"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use"}}),
            "unreadable",
            id="half a block",
        ),
    ],
)
def test_half_a_reply_is_a_failure_worth_another_try(claude: MessagesAPI, answer: Answer, kind: str) -> None:
    claude.will(answer)
    failure = failure_of()
    assert (failure.kind, failure.retryable) == (kind, True)


def test_text_that_cannot_be_stored_is_no_reply(claude: MessagesAPI) -> None:
    claude.will(turn([{"type": "text", "text": "\ud800"}]))
    assert failure_of().kind == "unreadable"


@pytest.mark.parametrize(
    "text",
    [
        '{"order": "A-1',
        '{"to": "a", "to": "b"}',
        '{"amount": NaN}',
        '{"amount": 1e400}',
        '{"amount": ' + "9" * 5000 + "}",
        '"an object in a string"',
        "[" * 100_000,
    ],
    ids=["cut", "same key twice", "NaN", "1e400", "5,000 digits", "not an object", "deep"],
)
def test_a_call_whose_input_is_ambiguous_is_never_proposed(claude: MessagesAPI, text: str) -> None:
    claude.will(turn([{"type": "tool_use", "name": "pay", "input": text}]))
    failure = failure_of()
    assert (failure.kind, failure.retryable) == ("invalid_tool_input", True)


def test_a_big_integer_reaches_the_tool_layer_as_it_is(claude: MessagesAPI) -> None:
    claude.will(turn([{"type": "tool_use", "name": "pay", "input": '{"amount": 9007199254740993}'}]))
    assert ask().tool_calls[0]["input"] == {"amount": 9007199254740993}


@pytest.mark.parametrize("text", ['{"order": "A-1', ""], ids=["in the middle", "before the first letter"])
def test_a_call_cut_by_max_tokens_is_not_proposed(claude: MessagesAPI, text: str) -> None:
    claude.will(turn([{"type": "tool_use", "name": "pay", "input": text}], stop="max_tokens"))
    failure = failure_of()
    assert (failure.kind, failure.retryable) == ("max_tokens", False)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(silent(), id="silent"),
        pytest.param(dripping(), id="dripping pings"),
        pytest.param(dripping(A_WORD), id="dripping words"),
    ],
)
def test_the_deadline_holds_however_the_reply_is_late(claude: MessagesAPI, answer: Answer) -> None:
    claude.will(answer)
    failure = failure_of(timeout=0.2)
    assert (failure.kind, failure.retryable) == ("timeout", True)


def test_nobody_listening_is_a_failed_connection(claude: MessagesAPI, settings: Settings) -> None:
    settings.ANTHROPIC_BASE_URL = "http://127.0.0.1:1"
    failure = failure_of()
    assert (failure.kind, failure.retryable) == ("connection", True)


def test_a_lone_surrogate_in_the_conversation_is_named(claude: MessagesAPI) -> None:
    failure = failure_of(messages=[{"role": "user", "content": "\ud800"}])
    assert (failure.kind, failure.retryable) == ("bad_request", False)
    assert claude.requests == []


def test_a_thousand_tools_are_sent_in_the_order_of_their_names(claude: MessagesAPI) -> None:
    names = [f"tool_{number:04}" for number in range(1000)]
    schema = {"type": "object", "properties": {"text": {"type": "string", "description": "x" * 200}}}
    tools = [{"name": name, "description": name, "input_schema": schema} for name in reversed(names)]
    claude.will(turn([HELLO]))
    ask(tools=tools)
    assert [tool["name"] for tool in claude.requests[0]["body"]["tools"]] == names


def ending() -> list[dict[str, Any]]:
    """The events after the last block."""
    delta = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}}
    return [delta, {"type": "message_stop"}]
