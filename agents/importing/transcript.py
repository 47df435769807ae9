"""One record of a file: a conversation in OpenAI's message format, with labels."""

import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

from agents.exceptions import TranscriptRefused
from agents.gateway.openai_messages import UnreadableMessage, to_blocks
from workspaces import canonical
from workspaces.exceptions import CanonicalError

MAX_LINE_BYTES = 20_000_000
CONVERSATION = ("traj", "messages")
SCALAR = (str, int, float, bool)
TOOL_NAME = r"^[.-]*\w[\w.-]*$"
MAX_TOOL_NAME = 100


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said: user messages, assistant turns, and each tool call's result, in their order."""

    digest: bytes
    instructions: str
    heard: list[Any]
    turns: list[list[dict[str, Any]]]
    results: list[str]
    messages: list[dict[str, Any]]
    labels: dict[str, Any]

    @property
    def tools(self) -> list[str]:
        """Names of the tools that were called."""
        return sorted({block["name"] for turn in self.turns for block in turn if block["type"] == "tool_use"})


def read(path: Path) -> Iterator[tuple[int, Transcript | TranscriptRefused]]:
    """Each line's number, and its transcript or why it was refused. The file may be gzipped."""
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
        number = 0
        try:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield number, parsed(line)
        except (OSError, EOFError, zlib.error) as error:
            yield number + 1, TranscriptRefused(f"the file ends here: {error}")


def parsed(line: bytes) -> Transcript | TranscriptRefused:
    """One line's transcript, or why it was refused."""
    try:
        return _transcript(canonical.parse(line, MAX_LINE_BYTES))
    except (CanonicalError, UnreadableMessage) as error:
        return TranscriptRefused(str(error))
    except TranscriptRefused as refusal:
        return refusal


def _transcript(record: Any) -> Transcript:
    messages = _conversation(record)
    blocks = to_blocks(messages)
    instructions = [_text(message) for message in blocks if message["role"] == "system"]
    spoken = _joined([message for message in blocks if message["role"] != "system"])
    _check_calls(spoken)
    _check_order(spoken)
    return Transcript(
        digest=canonical.digest(canonical.dumps(record)),
        instructions="\n\n".join(instructions),
        heard=[message["content"] for message in spoken if _is_heard(message)],
        turns=[message["content"] for message in spoken if message["role"] == "assistant"],
        results=list(_results(spoken)),
        messages=messages,
        labels=_labels(record),
    )


def _conversation(record: Any) -> list[dict[str, Any]]:
    if not isinstance(record, dict):
        raise TranscriptRefused("a record must be one JSON object")
    found = (record[name] for name in CONVERSATION if isinstance(record.get(name), list))
    messages: list[dict[str, Any]] = next(found, [])
    if not messages:
        raise TranscriptRefused(f"a record needs a list of messages under {' or '.join(CONVERSATION)}")
    return messages


def _joined(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Neighbouring user messages as one; results of tools stay apart."""
    joined: list[dict[str, Any]] = []
    for heard, group in groupby(messages, key=_is_heard):
        found = list(group)
        joined += [{"role": "user", "content": [b for m in found for b in m["content"]]}] if heard else found
    return joined


def _check_calls(messages: list[dict[str, Any]]) -> None:
    """Calls that people can be asked about, and whose arguments have one reading."""
    for block in (block for message in messages for block in message["content"]):
        if not isinstance(block.get("id", block.get("tool_use_id", "")), str):
            raise TranscriptRefused("the id of a call must be a text")
        if block["type"] == "tool_use":
            _check_call(block["name"], block["input"])


def _check_call(name: Any, arguments: dict[str, Any]) -> None:
    if not isinstance(name, str) or len(name) > MAX_TOOL_NAME or not re.fullmatch(TOOL_NAME, name):
        allowed = f"1 to {MAX_TOOL_NAME} letters, digits and _ . -"
        raise TranscriptRefused(f"a tool's name has {allowed}, unlike {name!a:.60}")
    try:
        canonical.check(arguments)
    except CanonicalError as error:
        raise TranscriptRefused(f"the arguments of {name}: {error}") from error


def _check_order(messages: list[dict[str, Any]]) -> None:
    """The order that a chat has: the user speaks first, and every call's result follows its turn."""
    if not messages or not _is_heard(messages[0]):
        raise TranscriptRefused("a conversation must start with a user message")
    for before, after in pairwise(messages):
        if before["role"] == after["role"] == "assistant":
            raise TranscriptRefused("two assistant messages in a row cannot be played back")
        called = [block["id"] for block in before["content"] if block["type"] == "tool_use"]
        answered = [block["tool_use_id"] for block in after["content"] if block["type"] == "tool_result"]
        if sorted(called) != sorted(answered):
            raise TranscriptRefused(f"the calls {called} are followed by results for {answered}")


def _results(messages: list[dict[str, Any]]) -> Iterator[str]:
    """Results in the order of their calls, whatever order they were recorded in."""
    for before, after in pairwise(messages):
        found = {block["tool_use_id"]: block["content"] for block in after["content"] if block["type"] == "tool_result"}
        yield from (found[block["id"]] for block in before["content"] if block["type"] == "tool_use")


def _labels(record: dict[str, Any]) -> dict[str, Any]:
    """The recording's own labels: its scalars, and the actions that were expected."""
    labels: dict[str, Any] = {name: value for name, value in record.items() if isinstance(value, SCALAR)}
    task = record.get("info", {}).get("task") if isinstance(record.get("info"), dict) else None
    if isinstance(task, dict) and isinstance(task.get("actions"), list):
        labels["expected_actions"] = task["actions"]
    return labels


def _is_heard(message: dict[str, Any]) -> bool:
    return message["role"] == "user" and not any(block["type"] == "tool_result" for block in message["content"])


def _text(message: dict[str, Any]) -> str:
    return "".join(block["text"] for block in message["content"])
