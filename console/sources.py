"""Where the values of a call come from: what in the conversation before it says them first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from agents.speakers import AGENT, told

MIN_LENGTH = 3


@dataclass(frozen=True, slots=True)
class Source:
    """The message that says a value first; without one, nobody but the agent has said it."""

    who: str
    turn: int | None

    @property
    def words(self) -> str:
        """For the card."""
        return f"from {self.who}" if self.turn is not None else "in no message before"


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
