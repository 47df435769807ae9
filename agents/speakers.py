"""Who says what in a conversation: Anthropic-shaped messages as texts by their speaker."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

MAX_READ = 500_000
AGENT = "the agent's own words"


def told(messages: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Who said what, a message each: results go by the name of their tool. Too much to read is left out."""
    tools: dict[str, str] = {}
    left = MAX_READ
    for message in messages:
        parts = blocks(message.get("content"))
        tools |= {
            block["id"]: str(block.get("name")) for block in parts if block.get("type") == "tool_use" and "id" in block
        }
        who, text = _who(message, parts, tools), "\n".join(map(_text, parts))
        yield who, text[:left]
        left = max(0, left - len(text))


def _who(message: Mapping[str, Any], parts: list[dict[str, Any]], tools: Mapping[str, str]) -> str:
    if message.get("role") == "assistant":
        return AGENT
    names = {
        tools.get(str(block.get("tool_use_id")), "a tool") for block in parts if block.get("type") == "tool_result"
    }
    return f"the result of {', '.join(sorted(names))}" if names else "the user's message"


def _text(block: Mapping[str, Any]) -> str:
    if block.get("type") == "tool_result":
        return "\n".join(str(inner.get("text", inner)) for inner in blocks(block.get("content", "")))
    return str(block.get("text", ""))


def blocks(content: Any) -> list[dict[str, Any]]:
    """Content blocks, of text alone too."""
    if isinstance(content, list):
        return [block if isinstance(block, dict) else {"type": "text", "text": str(block)} for block in content]
    return [{"type": "text", "text": content if isinstance(content, str) else str(content)}]
