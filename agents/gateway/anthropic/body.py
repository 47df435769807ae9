"""A ModelRequest as arguments of the SDK's `messages.create`."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from agents.gateway.types import Block, Message, ModelRequest

PASSED_ON = ("temperature", "top_p", "top_k", "thinking")  # only when asked for: newer models refuse sampling
CACHE_MARKER = {"cache_control": {"type": "ephemeral"}}


def body(request: ModelRequest) -> dict[str, Any]:
    """Everything that the request asks for and nothing else."""
    asked = {
        "model": request.model,
        "max_tokens": request.max_tokens,
        "system": system(request),
        "messages": messages(request),
        "tools": tools(request),
        "tool_choice": tool_choice(request),
        "output_config": {"effort": request.effort} if request.effort else None,
        "extra_headers": {"idempotency-key": request.key} if request.key else None,
        "extra_body": {name: request.extra[name] for name in PASSED_ON if name in request.extra},
    }
    return {name: value for name, value in asked.items() if value}


def system(request: ModelRequest) -> list[Block]:
    """The instructions as blocks, where there are any."""
    if not request.system:
        return []
    return marked([{"type": "text", "text": request.system}], request)


def tools(request: ModelRequest) -> list[dict[str, Any]]:
    """In the order of their names: the prompt cache holds as long as the beginning stays the same."""
    return marked(sorted(request.tools, key=lambda tool: tool["name"]), request)


def tool_choice(request: ModelRequest) -> dict[str, Any] | None:
    """Only set to hold the model to one call a turn."""
    if not (request.tools and request.single_tool):
        return None
    return {"type": "auto", "disable_parallel_tool_use": True}


def messages(request: ModelRequest) -> list[Message]:
    """The conversation with one message a turn. Blocks go out as they came in: thinking is signed."""
    turns = merged(request.messages)
    last = max((index for index, turn in enumerate(turns) if turn["role"] == "user"), default=None)
    if last is not None:
        turns[last] = {"role": "user", "content": marked(turns[last]["content"], request)}
    return turns


def merged(conversation: Iterable[Message]) -> list[Message]:
    """Neighbours of one role as one message; a message that says nothing is left out, as the API refuses it."""
    spoken = [(message["role"], content) for message in conversation if (content := said(message))]
    return [
        {"role": role, "content": [block for _, content in turn for block in content]}
        for role, turn in groupby(spoken, key=lambda pair: pair[0])
    ]


def said(message: Message) -> list[Block]:
    """The message's blocks but for empty texts."""
    content = message["content"]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return [block for block in blocks if block["type"] != "text" or block["text"]]


def marked(items: list[dict[str, Any]], request: ModelRequest) -> list[dict[str, Any]]:
    """The items, the last of them marked as the end of what the provider should cache."""
    if not (items and request.cache):
        return items
    return [*items[:-1], {**items[-1], **CACHE_MARKER}]
