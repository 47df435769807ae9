import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from agents.gateway.openai_messages import UnreadableMessage, to_blocks, to_openai

RECORDED = Path(__file__).parents[4] / "shared" / "data" / "tau_airline_gpt4o.jsonl.gz"

USER = {"role": "user", "content": "Where are my orders?"}
CALLS = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {"id": "call_1", "type": "function", "function": {"name": "lookup", "arguments": '{"order":"A","n":[1,2.5]}'}},
        {"id": "call_2", "type": "function", "function": {"name": "search", "arguments": '{"text":"Café"}'}},
    ],
}
FOUND = {"role": "tool", "tool_call_id": "call_1", "name": "lookup", "content": "shipped"}
MISSED = {"role": "tool", "tool_call_id": "call_2", "name": "search", "content": "Error: nothing found"}
ANSWER = {"role": "assistant", "content": "It is shipped."}


def test_each_kind_of_message_has_its_blocks() -> None:
    assert to_blocks([{"role": "system", "content": "Be kind."}, USER, CALLS, FOUND, MISSED, ANSWER]) == [
        {"role": "system", "content": [{"type": "text", "text": "Be kind."}]},
        {"role": "user", "content": [{"type": "text", "text": "Where are my orders?"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "tool_use", "id": "call_1", "name": "lookup", "input": {"order": "A", "n": [1, 2.5]}},
                {"type": "tool_use", "id": "call_2", "name": "search", "input": {"text": "Café"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "call_1", "content": "shipped"},
                {"type": "tool_result", "tool_use_id": "call_2", "content": "Error: nothing found"},
            ],
        },
        {"role": "assistant", "content": [{"type": "text", "text": "It is shipped."}]},
    ]


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([USER, CALLS, FOUND, MISSED, ANSWER, USER], id="calls and results"),
        pytest.param([USER, {**CALLS, "content": "Let me look."}, FOUND, MISSED], id="text beside calls"),
        pytest.param([USER, {**CALLS, "content": ""}, FOUND, MISSED], id="empty text beside calls"),
        pytest.param([{"role": "user", "content": ""}, ANSWER], id="empty text"),
        pytest.param([USER, USER, ANSWER, ANSWER], id="neighbours of one role"),
        pytest.param([], id="nothing"),
    ],
)
def test_there_and_back_is_the_same(messages: list[dict[str, Any]]) -> None:
    assert to_openai(to_blocks(messages)) == messages


def test_an_id_that_comes_again_names_the_tool_called_last() -> None:
    again = json.loads(json.dumps(CALLS).replace("lookup", "pay"))
    messages = [CALLS, FOUND, MISSED, again, {**FOUND, "name": "pay"}, MISSED]
    assert to_openai(to_blocks(messages)) == messages


def test_our_own_messages_can_be_written() -> None:
    ours = [
        {"role": "user", "content": "Hi"},
        {
            "role": "assistant",
            "content": [{"type": "thinking", "thinking": "A greeting."}, {"type": "text", "text": "Hello."}],
        },
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "pay", "input": {}}]},
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "paid"}]},
                {"type": "text", "text": "Thanks."},
            ],
        },
    ]
    call = {"id": "t", "type": "function", "function": {"name": "pay", "arguments": "{}"}}
    assert to_openai(ours) == [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello."},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "t", "name": "pay", "content": "paid"},
        {"role": "user", "content": "Thanks."},
    ]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"role": "robot", "content": "beep"}, "'robot' is missing or unknown"),
        ({"content": "Hi"}, "'role' is missing or unknown"),
        ({"role": "user"}, "'content' is missing or unknown"),
        ({"role": "user", "content": None}, "NoneType"),
        ({"role": "user", "content": [{"type": "image_url", "image_url": {}}]}, "only text can be read"),
        ({"role": "tool", "content": "found"}, "'tool_call_id' is missing or unknown"),
        ({"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "pay"}}]}, "'arguments' is missing"),
        ({"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "p", "arguments": "{"}}]}, "Expecting"),
        ({"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "p", "arguments": {}}}]}, "must be"),
        ("Hi", "indices"),
        (None, "subscriptable"),
    ],
)
def test_an_unreadable_message_is_named(message: Any, reason: str) -> None:
    with pytest.raises(UnreadableMessage, match=rf"Message 1: .*{reason}"):
        to_blocks([USER, message])


def test_a_hundred_recorded_conversations_survive_there_and_back() -> None:
    if not RECORDED.exists():
        pytest.skip("the recorded conversations lie beside the repository, and they are not there")
    with gzip.open(RECORDED, "rt") as lines:
        conversations = [json.loads(line)["traj"] for line in lines]
    assert len(conversations) == 100
    for conversation in conversations:
        assert without_spelling(to_openai(to_blocks(conversation))) == without_spelling(conversation)


def without_spelling(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages with arguments as values: their text may differ in spaces and escapes."""
    parsed: list[dict[str, Any]] = json.loads(json.dumps(messages))
    for message in parsed:
        for call in message.get("tool_calls") or []:
            call["function"]["arguments"] = json.loads(call["function"]["arguments"])
    return parsed
