"""The conversation of a flow: entries that are literal messages or references to outcomes, and a running digest."""

import hashlib
from collections.abc import Sequence
from typing import Any

from agents.exceptions import FlowError
from agents.runtime.effects import Outcome
from agents.runtime.text import dumps

type Entry = dict[str, Any] | list[str] | None


class Conversation:
    """Messages of one branch of a flow. A message that is an outcome is stored as its position, never twice."""

    __slots__ = ("entries", "hash", "is_taken", "outcomes", "rendered", "unsaved")

    def __init__(self, outcomes: dict[str, Outcome]):
        self.outcomes = outcomes
        self.entries: list[Entry] = []
        self.unsaved: list[Entry] = []
        self.rendered: list[dict[str, Any]] = []
        self.hash = hashlib.sha256()
        self.is_taken = False

    def __enter__(self) -> None:
        """Held by a branch for its turn: two that speak at once would mix their messages. Raises FlowError."""
        if self.is_taken:
            raise FlowError("Two branches speak in one conversation at once: give each its own, by run.aside(name).")
        self.is_taken = True

    def __exit__(self, *failure: object) -> None:
        self.is_taken = False

    def say(self, message: dict[str, Any] | str) -> None:
        """Append a literal message; a string is a user's."""
        message = {"role": "user", "content": message} if isinstance(message, str) else message
        self._append(message)

    def begin_with(self, messages: list[dict[str, Any]]) -> None:
        """Start from what was said before this run: its row holds that, not the journal."""
        for message in messages:
            self._append(message)
        self.unsaved.clear()

    def refer(self, positions: list[str]) -> None:
        """Append the message that the outcomes at these positions make."""
        self._append(positions)

    def replace(self, messages: list[dict[str, Any]]) -> None:
        """Start over with these messages (compaction); the journal keeps what was before."""
        self.rewrite(messages)

    def rewrite(self, entries: Sequence[Entry]) -> None:
        """Start over with these entries, which may refer to outcomes."""
        self.entries, self.rendered, self.hash = [], [], hashlib.sha256()
        self.unsaved.append(None)
        for entry in entries:
            if entry is not None:
                self._append(entry)

    def _append(self, entry: dict[str, Any] | list[str]) -> None:
        self.entries.append(entry)
        self.unsaved.append(entry)
        if isinstance(entry, dict):
            self.hash.update(dumps(entry).encode())
            return
        for position in entry:
            self.hash.update(self.outcomes[position].stored.encode())

    def drain(self) -> list[Entry]:
        """The entries that no row holds yet."""
        fresh, self.unsaved = self.unsaved, []
        return fresh

    def messages(self) -> list[dict[str, Any]]:
        """The conversation as Anthropic-shaped messages, for the gateway; each entry is rendered once."""
        for entry in self.entries[len(self.rendered) :]:
            values = {position: self.outcomes[position].value for position in entry} if isinstance(entry, list) else {}
            self.rendered += render([entry], values)
        return list(self.rendered)


def render(entries: list[Entry], values: dict[str, Any]) -> list[dict[str, Any]]:
    """Entries as messages, given the parsed outcome at each position that they name."""
    return [entry if isinstance(entry, dict) else message_of([values[p] for p in entry]) for entry in entries if entry]


def message_of(values: list[dict[str, Any]]) -> dict[str, Any]:
    """The message that outcomes make: a reply, a received user message, or the results of a turn's calls."""
    first = values[0]
    if "blocks" in first:
        return {"role": "assistant", "content": first["blocks"]}
    if "content" in first:
        return {"role": "user", "content": first["content"]}
    return {"role": "user", "content": [tool_result(value) for value in values]}


def tool_result(value: dict[str, Any]) -> dict[str, Any]:
    """The `tool_result` block of a call's outcome, with what people said about it."""
    said = value.get("value") if "value" in value else value.get("error", {})
    text = said if isinstance(said, str) else dumps(said)
    if value.get("note"):
        text = f"{text}\n\n{value['note']}"
    block = {"type": "tool_result", "tool_use_id": value.get("id") or "", "content": text}
    return block if value["status"] in ("succeeded", "answered") else block | {"is_error": True}


def fold(entries: list[Entry], delta: list[Entry]) -> list[Entry]:
    """The entries after one more stored delta."""
    for entry in delta:
        entries = [] if entry is None else [*entries, entry]
    return entries
