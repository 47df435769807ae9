"""What Claude's adapter puts on the wire."""

from typing import Any

import pytest

from agents.gateway import ModelRequest, anthropic
from tests.messages_api import MessagesAPI, turn

EPHEMERAL = {"type": "ephemeral"}
LOOKUP = {"name": "lookup_order", "description": "Find an order.", "input_schema": {"type": "object"}}
REFUND = {"name": "issue_refund", "description": "Pay back.", "input_schema": {"type": "object"}}


def sent(claude: MessagesAPI, **settings: Any) -> dict[str, Any]:
    """The body that arrives for a request with these settings."""
    claude.will(turn([{"type": "text", "text": "Fine."}]))
    given = {"model": "claude-sonnet-5-5", "messages": [user("Hi")], **settings}
    anthropic.complete(ModelRequest(**given))
    body: dict[str, Any] = claude.requests[-1]["body"]
    return body


def user(*texts: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": text} for text in texts]}


def assistant(*texts: str) -> dict[str, Any]:
    return {**user(*texts), "role": "assistant"}


def test_a_plain_request_asks_for_nothing_special(claude: MessagesAPI) -> None:
    assert sent(claude, cache=False) == {
        "model": "claude-sonnet-5-5",
        "max_tokens": 4096,
        "messages": [user("Hi")],
        "stream": True,
    }


def test_a_text_is_sent_as_a_block(claude: MessagesAPI) -> None:
    assert sent(claude, cache=False, messages=[{"role": "user", "content": "Hi"}])["messages"] == [user("Hi")]


def test_the_cache_is_marked_after_instructions_tools_and_the_last_user_message(claude: MessagesAPI) -> None:
    conversation = [user("One"), assistant("Two"), user("Three", "Four")]
    body = sent(claude, system="Be kind.", tools=[LOOKUP, REFUND], messages=conversation)
    assert body["system"] == [{"type": "text", "text": "Be kind.", "cache_control": EPHEMERAL}]
    assert [tool.get("cache_control") for tool in body["tools"]] == [None, EPHEMERAL]
    marks = [[block.get("cache_control") for block in message["content"]] for message in body["messages"]]
    assert marks == [[None], [None], [None, EPHEMERAL]]


def test_marking_changes_nothing_that_is_kept(claude: MessagesAPI) -> None:
    message, tool = user("Hi"), dict(LOOKUP)
    sent(claude, messages=[message], tools=[tool])
    assert (message, tool) == (user("Hi"), LOOKUP)


def test_the_cache_can_be_left_alone(claude: MessagesAPI) -> None:
    assert "cache_control" not in str(sent(claude, system="Be kind.", tools=[LOOKUP], cache=False))


def test_tools_keep_one_order(claude: MessagesAPI) -> None:
    assert [tool["name"] for tool in sent(claude, tools=[LOOKUP, REFUND])["tools"]] == ["issue_refund", "lookup_order"]


def test_neighbours_of_one_role_become_one_message(claude: MessagesAPI) -> None:
    conversation = [user("One"), user("Two"), assistant("Three"), assistant("Four"), user("Five")]
    body = sent(claude, cache=False, messages=conversation)
    assert body["messages"] == [user("One", "Two"), assistant("Three", "Four"), user("Five")]


def test_messages_that_say_nothing_are_left_out(claude: MessagesAPI) -> None:
    nothing: list[dict[str, Any]] = [assistant(""), {"role": "assistant", "content": []}, user("")]
    assert sent(claude, cache=False, messages=[user("One", ""), *nothing, user("Two")])["messages"] == [
        user("One", "Two")
    ]


def test_only_role_and_content_of_a_message_are_sent(claude: MessagesAPI) -> None:
    assert sent(claude, cache=False, messages=[{**user("Hi"), "v": 1}])["messages"] == [user("Hi")]


def test_signed_thoughts_go_back_as_they_came(claude: MessagesAPI) -> None:
    thinking = {"type": "thinking", "thinking": "I should say hello."}
    claude.will(turn([thinking, {"type": "text", "text": "Hello."}]))
    first = anthropic.complete(ModelRequest(model="claude-sonnet-5-5", messages=[user("Hi")]))
    said = {"role": "assistant", "content": first.blocks}
    body = sent(claude, messages=[user("Hi"), said, user("Go on.")])
    assert body["messages"][1] == said


def test_one_call_a_turn_when_asked(claude: MessagesAPI) -> None:
    choice = sent(claude, tools=[LOOKUP], single_tool=True)["tool_choice"]
    assert choice == {"type": "auto", "disable_parallel_tool_use": True}


def test_no_choice_of_tools_without_tools(claude: MessagesAPI) -> None:
    assert "tool_choice" not in sent(claude, single_tool=True)


def test_effort_is_passed_on(claude: MessagesAPI) -> None:
    assert sent(claude, effort="low")["output_config"] == {"effort": "low"}


@pytest.mark.parametrize("extra", [{"temperature": 0}, {"thinking": {"type": "adaptive"}}])
def test_extras_are_passed_on_when_asked(claude: MessagesAPI, extra: dict[str, Any]) -> None:
    body = sent(claude, extra={**extra, "recording": []})
    assert body.items() >= extra.items()
    assert "recording" not in body
