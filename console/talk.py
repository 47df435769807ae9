"""A conversation as pages show it: Anthropic-shaped messages as turns of plain text and JSON."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from agents.speakers import blocks
from agents.tools.legible import clip
from console import facts
from console.facts import Fact
from console.prose import Line, lines
from workspaces import canonical
from workspaces.exceptions import CanonicalError

MAX_TEXT, MAX_JSON = 20_000, 200_000


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing said: text, a proposed call, or a result."""

    text: str = ""
    lines: list[Line] = field(default_factory=list)
    label: str = ""
    pairs: list[Fact] = field(default_factory=list)


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
    if is_of_user(message):
        return Turn("person", "User", "mem", pieces)
    return Turn("tool", "Tools", "tool", pieces)


def is_of_user(message: dict[str, Any]) -> bool:
    """Whether the user speaks, and no tool."""
    results = (block.get("type") == "tool_result" for block in blocks(message.get("content")))
    return message.get("role") != "assistant" and not any(results)


def piece(block: dict[str, Any]) -> Piece:
    """One content block; kinds that we do not know are shown as JSON."""
    match block.get("type"):
        case "text":
            return Piece(text=clip(str(block.get("text", "")), MAX_TEXT))
        case "thinking":
            return Piece(text=clip(str(block.get("thinking", "")), MAX_TEXT), label="thinking")
        case "tool_use":
            return folded(block.get("input"), f"calls {block.get('name')}")
        case "tool_result":
            return result(block)
    return Piece(lines=lines(block))


def result(block: dict[str, Any]) -> Piece:
    """What a tool gave back."""
    text = "\n".join(str(inner.get("text", inner)) for inner in blocks(block.get("content", "")))
    label = "error" if block.get("is_error") else ""
    value = structure(text)
    if value is not None:
        return folded(value, label)
    return Piece(lines=[Line(line) for line in clip(text, MAX_TEXT).split("\n")], label=label)


def folded(value: Any, label: str) -> Piece:
    """JSON that is opened to be read; its first pairs stand for it."""
    pairs = facts.named(value) if isinstance(value, list) else facts.flat(value)
    return Piece(lines=lines(value), label=label, pairs=list(islice(pairs, facts.MAX_FACTS)))


def structure(text: str) -> Any:
    """The object or list that a text is; a text that JSON would not give back as it is stays text."""
    if not text.lstrip().startswith(("{", "[")) or len(text) > MAX_JSON:
        return None
    try:
        return canonical.parse(text)
    except CanonicalError:
        return None
