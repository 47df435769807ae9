"""What the runtime may expect of every model, whoever provides it."""

import json
from collections import defaultdict
from typing import Any

import pytest

from agents.gateway.chain import ADAPTERS
from agents.gateway.scripted import Steps, call, say, script
from agents.gateway.types import Block, Message, ModelFailure, ModelReply, ModelRequest, OnDelta
from tests.messages_api import MessagesAPI, status, turn

TOOLS = [{"name": "lookup_order", "description": "Find an order.", "input_schema": {"type": "object"}}]
ASKED: list[Message] = [{"role": "user", "content": "Where is my order A-17?"}]


class Client:
    """One model, made to say certain turns."""

    model = "claude-sonnet-5-5"

    def __init__(self, provider: str, server: MessagesAPI):
        self.provider, self.server = provider, server
        self.extra: dict[str, Any] = {}

    def will_say(self, *turns: list[Block]) -> None:
        self.extra = {"recording": list(turns)}
        script(self.model)(Steps(turns))
        self.server.will(*(turn(blocks) for blocks in turns))
        self.server.otherwise = status(400, "That was the last turn.")

    def ask(self, messages: list[Message], on_delta: OnDelta | None = None, **settings: Any) -> ModelReply:
        request = ModelRequest(model=self.model, messages=messages, tools=TOOLS, extra=self.extra, **settings)
        return ADAPTERS[self.provider].complete(request, on_delta)


@pytest.fixture(params=sorted(ADAPTERS))
def client(request: pytest.FixtureRequest, claude: MessagesAPI) -> Client:
    return Client(request.param, claude)


def test_a_text_ends_the_turn(client: Client) -> None:
    client.will_say([say("It is on its way.")])
    reply = client.ask(ASKED)
    assert (reply.text, reply.tool_calls, reply.stop) == ("It is on its way.", [], "end_turn")


def test_a_reply_names_who_gave_it(client: Client) -> None:
    client.will_say([say("Hello.")])
    reply = client.ask(ASKED)
    assert (reply.provider, reply.model) == (client.provider, client.model)
    assert reply.response_id


def test_a_tool_call_is_a_block_with_id_name_and_input(client: Client) -> None:
    client.will_say([say("Let me look."), call("lookup_order", order="A-17", deep={"lines": [1, 2.5, None, "é"]})])
    reply = client.ask(ASKED)
    [asked] = reply.tool_calls
    assert reply.stop == "tool_use"
    assert asked["id"].startswith("toolu_")
    assert (asked["name"], asked["input"]) == (
        "lookup_order",
        {"order": "A-17", "deep": {"lines": [1, 2.5, None, "é"]}},
    )


def test_a_call_without_arguments_has_an_empty_input(client: Client) -> None:
    client.will_say([call("list_orders")])
    assert client.ask(ASKED).tool_calls[0]["input"] == {}


def test_calls_of_one_turn_keep_their_order_and_have_different_ids(client: Client) -> None:
    client.will_say([call("lookup_order", order=name) for name in ("A", "B", "A")])
    calls = client.ask(ASKED).tool_calls
    assert [asked["input"]["order"] for asked in calls] == ["A", "B", "A"]
    assert len({asked["id"] for asked in calls}) == 3


def test_the_deltas_add_up_to_the_reply(client: Client) -> None:
    client.will_say(
        [{"type": "thinking", "thinking": "An order."}, say("Let me look."), call("lookup_order", order="A")]
    )
    streamed: defaultdict[str, str] = defaultdict(str)
    for delta in watched(client):
        streamed[delta["type"]] += delta.get("text") or delta.get("partial_json", "")
    assert (streamed["thinking"], streamed["text"]) == ("An order.", "Let me look.")
    assert json.loads(streamed["tool"]) == {"order": "A"}


def test_a_long_text_arrives_in_several_deltas(client: Client) -> None:
    client.will_say([say("word " * 50)])
    assert len(watched(client)) > 1


def test_a_delta_of_a_call_names_its_tool(client: Client) -> None:
    client.will_say([call("lookup_order", order="A")])
    assert {delta["name"] for delta in watched(client)} == {"lookup_order"}


def test_what_a_watcher_raises_ends_the_call(client: Client) -> None:
    client.will_say([say("Let me look.")])

    def give_up(delta: dict[str, Any]) -> None:
        raise ValueError("the claim is lost")

    with pytest.raises(ValueError, match="the claim is lost"):
        client.ask(ASKED, give_up)


def test_a_conversation_goes_on_after_tool_results(client: Client) -> None:
    thought = {"type": "thinking", "thinking": "I need the order."}
    client.will_say([thought, call("lookup_order", order="A-17")], [say("It arrives today.")])
    first = client.ask(ASKED)
    result = {"type": "tool_result", "tool_use_id": first.tool_calls[0]["id"], "content": "on its way"}
    answered = [{"role": "assistant", "content": first.blocks}, {"role": "user", "content": [result]}]
    assert client.ask([*ASKED, *answered]).text == "It arrives today."


def test_blocks_survive_being_stored(client: Client) -> None:
    client.will_say([{"type": "thinking", "thinking": "Hm."}, say("Ünï ✓"), call("lookup_order", order="A")])
    blocks = client.ask(ASKED).blocks
    assert json.loads(json.dumps(blocks)) == blocks


def test_the_conversation_is_left_as_it_was(client: Client) -> None:
    client.will_say([say("Hello.")])
    before = json.dumps(ASKED)
    client.ask(ASKED)
    assert json.dumps(ASKED) == before


def test_tokens_are_counted(client: Client) -> None:
    client.will_say([say("It is on its way.")])
    usage = client.ask(ASKED).usage
    assert usage.input_tokens > 0
    assert usage.output_tokens > 0
    assert usage.all_input_tokens == usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens


def test_the_same_request_gets_the_same_reply(client: Client) -> None:
    said = [say("Let me look."), call("lookup_order", order="A")]
    client.will_say(said)
    first = client.ask(ASKED)
    client.will_say(said)
    assert client.ask(ASKED).blocks == first.blocks


def test_the_end_of_what_it_can_say_is_no_reason_to_try_again(client: Client) -> None:
    client.will_say([say("That is all.")])
    once = [*ASKED, {"role": "assistant", "content": client.ask(ASKED).blocks}, *ASKED]
    with pytest.raises(ModelFailure) as failure:
        client.ask(once)
    assert not failure.value.retryable


def watched(client: Client) -> list[dict[str, Any]]:
    """All deltas of the next reply."""
    deltas: list[dict[str, Any]] = []
    client.ask(ASKED, deltas.append)
    return deltas
