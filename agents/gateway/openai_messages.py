"""Conversations in OpenAI's message format as our Anthropic-shaped ones, and back. What is text stays the same text.

A `tool` message becomes a `tool_result` block, and the results of one turn one user message. A system message keeps
its role and its place; whoever needs the instructions apart takes it off.
"""

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

from agents.gateway import arguments
from agents.gateway.types import Block, Message


class UnreadableMessage(ValueError):
    """A message is not in the format; the text names it by its index."""


def to_blocks(messages: list[dict[str, Any]]) -> list[Message]:
    """OpenAI messages as ours."""
    read = [_read(index, message) for index, message in enumerate(messages)]
    return [
        message for is_results, group in groupby(read, key=_is_results) for message in _joined(is_results, [*group])
    ]


def to_openai(messages: list[Message]) -> list[dict[str, Any]]:
    """Our messages as OpenAI's. Thoughts are left out: that format has no place for them."""
    names: dict[str, str] = {}
    return [written for message in messages for written in _write(message, names)]


# --- Reading ----------------------------------------------------------------------------------------------------------


def _read(index: int, message: dict[str, Any]) -> Message:
    try:
        return READERS[message["role"]](message)
    except KeyError as error:
        raise UnreadableMessage(f"Message {index}: {error} is missing or unknown.") from error
    except (TypeError, AttributeError, ValueError) as error:
        raise UnreadableMessage(f"Message {index}: {error}.") from error


def _spoken(message: dict[str, Any]) -> Message:
    role = "system" if message["role"] == "developer" else message["role"]
    return {"role": role, "content": _texts(message["content"])}


def _answered(message: dict[str, Any]) -> Message:
    content = message.get("content")
    said = [] if content is None else _texts(content)
    return {"role": "assistant", "content": [*said, *(_called(call) for call in message.get("tool_calls") or [])]}


def _called(call: dict[str, Any]) -> Block:
    function = call["function"]
    return {
        "type": "tool_use",
        "id": call["id"],
        "name": function["name"],
        "input": arguments.parse(function["arguments"]),
    }


def _result(message: dict[str, Any]) -> Message:
    content = "".join(block["text"] for block in _texts(message["content"]))
    return {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": message["tool_call_id"], "content": content}],
    }


def _texts(content: Any) -> list[Block]:
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    for part in parts:
        if part["type"] != "text" or not isinstance(part["text"], str):
            raise ValueError(f"only text can be read, not {part['type']}")
    return [{"type": "text", "text": part["text"]} for part in parts]


def _is_results(message: Message) -> bool:
    return any(block["type"] == "tool_result" for block in message["content"])


def _joined(is_results: bool, messages: list[Message]) -> list[Message]:
    """The results of one turn as one message; other neighbours as they are."""
    if not is_results:
        return messages
    return [{"role": "user", "content": [block for message in messages for block in message["content"]]}]


READERS: dict[str, Callable[[dict[str, Any]], Message]] = {
    "system": _spoken,
    "developer": _spoken,
    "user": _spoken,
    "assistant": _answered,
    "tool": _result,
}


# --- Writing ----------------------------------------------------------------------------------------------------------


def _write(message: Message, names: dict[str, str]) -> Iterator[dict[str, Any]]:
    """The messages that one of ours becomes; `names` remembers which tool an id called, as results must say it."""
    content = message["content"]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    calls = [block for block in blocks if block["type"] == "tool_use"]
    results = [block for block in blocks if block["type"] == "tool_result"]
    names.update((call["id"], call["name"]) for call in calls)
    yield from (_tool_message(result, names) for result in results)
    text = "".join(block["text"] for block in blocks if block["type"] == "text")
    if calls:
        has_text = any(block["type"] == "text" for block in blocks)
        yield {"role": "assistant", "content": text if has_text else None, "tool_calls": [_tool_call(c) for c in calls]}
    elif text or not results:
        yield {"role": message["role"], "content": text}


def _tool_call(call: Block) -> dict[str, Any]:
    function = {"name": call["name"], "arguments": arguments.dump(call["input"])}
    return {"id": call["id"], "type": "function", "function": function}


def _tool_message(result: Block, names: dict[str, str]) -> dict[str, Any]:
    content = result["content"]
    text = content if isinstance(content, str) else "".join(block["text"] for block in content)
    name = names.get(result["tool_use_id"], "")
    return {"role": "tool", "tool_call_id": result["tool_use_id"], "name": name, "content": text}
