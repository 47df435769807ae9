"""Where the values of a call come from: what in the conversation before it says them first."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from console import talk

MIN_LENGTH = 3
MAX_SEARCHED = 2_000_000
AGENT = "the agent's own words"


@dataclass(frozen=True, slots=True)
class Source:
    """The message that says a value first; without one, nobody but the agent has said it."""

    who: str
    turn: int | None

    @property
    def words(self) -> str:
        """For the card."""
        return f"first in {self.who}" if self.turn is not None else "nowhere before"


def trace(values: Mapping[str, Any], messages: Iterable[dict[str, Any]]) -> dict[str, Source]:
    """The source of each value that is long enough to be told from others."""
    said = list(told(messages))
    found = {path: text for path, value in values.items() if (text := searched(value))}
    return {path: _first(text, said) for path, text in found.items()}


def searched(value: Any) -> str:
    """A value as it would stand in a text; empty where it could stand anywhere."""
    text = value.strip() if isinstance(value, str) else str(value) if type(value) in (int, float) else ""
    return text if len(text) >= MIN_LENGTH else ""


def _first(text: str, said: list[tuple[str, str]]) -> Source:
    for turn, (who, words) in enumerate(said):
        if text in words:
            return Source(who, turn)
    return Source(AGENT, None)


def told(messages: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Who said what, a message each: results go by the name of their tool. Too much to search is left out."""
    tools: dict[str, str] = {}
    left = MAX_SEARCHED
    for message in messages:
        blocks = talk.blocks(message.get("content"))
        tools |= {
            block["id"]: str(block.get("name")) for block in blocks if block.get("type") == "tool_use" and "id" in block
        }
        who, text = _who(message, blocks, tools), "\n".join(map(_text, blocks))
        left -= len(text)
        yield who, text if left > 0 else ""


def _who(message: Mapping[str, Any], blocks: list[dict[str, Any]], tools: Mapping[str, str]) -> str:
    if message.get("role") == "assistant":
        return AGENT
    names = {
        tools.get(str(block.get("tool_use_id")), "a tool") for block in blocks if block.get("type") == "tool_result"
    }
    return f"the result of {', '.join(sorted(names))}" if names else "the user's message"


def _text(block: Mapping[str, Any]) -> str:
    if block.get("type") == "tool_result":
        return "\n".join(str(inner.get("text", inner)) for inner in talk.blocks(block.get("content", "")))
    return str(block.get("text", ""))
