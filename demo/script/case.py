"""A conversation as the desk sees it: the ticket, and what has been done about it so far."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from agents.gateway.types import Block, Message
from demo.script.ticket import Ticket, read


@dataclass(frozen=True, slots=True)
class Deed:
    """A tool call and what came of it; `status` is succeeded, answered, or the type of the error."""

    tool: str
    asked: dict[str, Any]
    status: str
    value: Any
    """The result; a person's answer; or the error's message."""

    @property
    def succeeded(self) -> bool:
        return self.status == "succeeded"


@dataclass(frozen=True, slots=True)
class Case:
    """One ticket and the deeds since it came."""

    ticket: Ticket
    deeds: tuple[Deed, ...]

    @classmethod
    def of(cls, messages: list[Message]) -> "Case":
        """The last thing the customer wrote; the orders they named before still hold if they name none now."""
        texts = [(position, text) for position, message in enumerate(messages) if (text := said_by_user(message))]
        position, text = texts[-1] if texts else (0, "")
        ticket, earlier = read(text), read("\n".join(text for _, text in texts))
        deeds = tuple(deeds_in(messages[position:]))
        return cls(ticket if ticket.orders else replace(ticket, orders=earlier.orders), deeds)

    def of_tool(self, tool: str, **asked: Any) -> list[Deed]:
        """The deeds with this tool and these arguments."""
        return [deed for deed in self.deeds if deed.tool == tool and asked.items() <= deed.asked.items()]

    @property
    def orders(self) -> list[dict[str, Any]]:
        """The orders that were found."""
        return [deed.value for deed in self.of_tool("lookup_order") if deed.succeeded]

    @property
    def refunds(self) -> list[dict[str, Any]]:
        """The refunds that were made: as asked for, but where the tool, or a person in its place, tells otherwise."""
        made = [deed for deed in self.of_tool("issue_refund") if deed.succeeded]
        return [deed.asked | (deed.value if isinstance(deed.value, dict) else {}) for deed in made]


def said_by_user(message: Message) -> str:
    """The text of a user's message; empty for results of tools and for the model's turns."""
    content = message["content"]
    if message["role"] != "user":
        return ""
    return content if isinstance(content, str) else "\n".join(block["text"] for block in content if "text" in block)


def deeds_in(messages: list[Message]) -> Iterator[Deed]:
    """Calls with their results, in order."""
    calls: list[Block] = []
    for message in messages:
        blocks = [] if isinstance(message["content"], str) else message["content"]
        calls = [block for block in blocks if block["type"] == "tool_use"] or calls
        results = {block["tool_use_id"]: block for block in blocks if block["type"] == "tool_result"}
        yield from (deed(call, results[call["id"]]) for call in calls if call["id"] in results)


def deed(call: Block, result: Block) -> Deed:
    """One call with its result."""
    content = result["content"]
    text = content if isinstance(content, str) else "".join(block.get("text", "") for block in content)
    value = first_value(text)
    if result.get("is_error"):
        error = value if isinstance(value, dict) else {}
        return Deed(call["name"], call["input"], error.get("type", "failed"), error.get("message", text))
    if isinstance(value, dict | list):
        return Deed(call["name"], call["input"], "succeeded", value)
    return Deed(call["name"], call["input"], "answered", text.partition("\n\n")[0])


def first_value(text: str) -> Any:
    """The JSON at the start of a result, which a note may follow; None where there is none."""
    try:
        return json.JSONDecoder().raw_decode(text)[0]
    except ValueError:
        return None
