"""A conversation as pages show it: Anthropic-shaped messages as turns of plain text and JSON."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from agents.tools.legible import clip
from console.prose import Line, lines

MAX_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing said: text, a proposed call, or a result."""

    text: str = ""
    lines: list[Line] = field(default_factory=list)
    label: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side said before the other spoke."""

    icon: str
    who: str
    tone: str
    pieces: list[Piece]


def turns(messages: Iterable[dict[str, Any]], agent: str) -> list[Turn]:
    """Messages as turns, in order; `agent` is the name that the assistant goes by."""
    return [turn(message, agent) for message in messages]


def turn(message: dict[str, Any], agent: str) -> Turn:
    """One message."""
    pieces = [piece(block) for block in blocks(message.get("content"))]
    if message.get("role") == "assistant":
        return Turn("spark", agent, "llm", pieces)
    if any(block.get("type") == "tool_result" for block in blocks(message.get("content"))):
        return Turn("tool", "Tools", "tool", pieces)
    return Turn("person", "User", "mem", pieces)


def blocks(content: Any) -> list[dict[str, Any]]:
    """Content blocks, of text alone too."""
    if isinstance(content, list):
        return [block if isinstance(block, dict) else {"type": "text", "text": str(block)} for block in content]
    return [{"type": "text", "text": content if isinstance(content, str) else str(content)}]


def piece(block: dict[str, Any]) -> Piece:
    """One content block; kinds that we do not know are shown as JSON."""
    match block.get("type"):
        case "text":
            return Piece(text=clip(str(block.get("text", "")), MAX_TEXT))
        case "thinking":
            return Piece(text=clip(str(block.get("thinking", "")), MAX_TEXT), label="thinking")
        case "tool_use":
            return Piece(lines=lines(block.get("input")), label=f"calls {block.get('name')}")
        case "tool_result":
            return result(block)
    return Piece(lines=lines(block))


def result(block: dict[str, Any]) -> Piece:
    """What a tool gave back; its text is shown as it went to the model."""
    text = "\n".join(str(inner.get("text", inner)) for inner in blocks(block.get("content", "")))
    return Piece(
        lines=[Line(line) for line in clip(text, MAX_TEXT).split("\n")], label="error" if block.get("is_error") else ""
    )
