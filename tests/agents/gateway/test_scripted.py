import pytest

from agents.gateway import ModelFailure, ModelReply, ModelRequest, Usage, scripted
from agents.gateway.scripted import Steps, call, say, script
from agents.gateway.types import Block, Message

HELLO: list[Message] = [{"role": "user", "content": "Hello"}]
ANSWERED: list[Message] = [*HELLO, {"role": "assistant", "content": "Hi"}, *HELLO]


def ask(name: str, messages: list[Message] = HELLO) -> ModelReply:
    return scripted.complete(ModelRequest(model=name, messages=messages))


def test_a_script_reads_the_request() -> None:
    @script("echo")
    def echo(request: ModelRequest) -> list[Block]:
        return [say(request.messages[-1]["content"])]

    assert ask("echo").text == "Hello"


def test_an_unknown_script_is_named_with_the_known_ones() -> None:
    script("known")(Steps([]))
    with pytest.raises(ModelFailure, match=r"no scripted model “unknown”.*known") as failure:
        ask("unknown")
    assert (failure.value.kind, failure.value.retryable) == ("unknown_script", False)


def test_a_script_may_give_the_whole_reply() -> None:
    whole = ModelReply(blocks=[call("pay")], stop="max_tokens", usage=Usage(1, 2, 3, 4), model="m", provider="scripted")
    script("whole")(Steps([whole]))
    reply = ask("whole")
    assert (reply.stop, reply.usage) == ("max_tokens", Usage(1, 2, 3, 4))
    assert reply.tool_calls[0]["id"]


def test_steps_follow_the_turns_of_the_conversation() -> None:
    script("steps")(Steps([[say("One.")], [say("Two.")]]))
    assert (ask("steps", ANSWERED).text, ask("steps").text) == ("Two.", "One.")


def test_steps_that_are_over_say_so() -> None:
    script("short")(Steps([[say("One.")]]))
    with pytest.raises(ModelFailure, match="has 1 turns") as failure:
        ask("short", ANSWERED)
    assert failure.value.kind == "script_ended"


def test_an_id_that_the_script_gives_is_kept() -> None:
    script("own")(Steps([[{**call("pay"), "id": "toolu_own"}]]))
    assert ask("own").tool_calls[0]["id"] == "toolu_own"


def test_ids_depend_on_the_conversation() -> None:
    script("ids")(Steps([[call("pay")], [call("pay")]]))
    assert ask("ids").tool_calls[0]["id"] != ask("ids", ANSWERED).tool_calls[0]["id"]


def test_what_a_reply_goes_through_does_not_change_the_script() -> None:
    script("kept")(Steps([[call("pay", to={"name": "ana"})]]))
    ask("kept").blocks[0]["input"]["to"]["name"] = "ben"
    assert ask("kept").blocks[0]["input"] == {"to": {"name": "ana"}}
