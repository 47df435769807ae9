"""A reply as the events of its stream."""

import hashlib
import json
from typing import Any

type Block = dict[str, Any]
type Event = dict[str, Any]


def events(body: dict[str, Any], blocks: list[Block], stop: str | None, usage: dict[str, int] | None) -> list[Block]:
    """All events of a reply. A tool's input may be given as text, to be sent as it is."""
    called = any(block["type"] == "tool_use" for block in blocks)
    counted = {"input_tokens": len(json.dumps(body)) // 4, "output_tokens": len(json.dumps(blocks)) // 4}
    counted |= usage or {}
    delta = {"stop_reason": stop or ("tool_use" if called else "end_turn"), "stop_sequence": None}
    parts = [event for index, block in enumerate(blocks) for event in block_events(index, block)]
    return [
        message_start(body, counted),
        *parts,
        {"type": "message_delta", "delta": delta, "usage": {"output_tokens": counted["output_tokens"]}},
        {"type": "message_stop"},
    ]


def as_bytes(event: Event) -> bytes:
    """The event on the wire."""
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def opening(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The events of a reply that does not get far."""
    return [message_start(body, {"input_tokens": 5}), *block_events(0, {"type": "text", "text": "Let me see"})[:2]]


def message_start(body: dict[str, Any], usage: dict[str, int]) -> dict[str, Any]:
    message = {"id": "msg_local", "type": "message", "role": "assistant", "model": body["model"], "content": []}
    return {"type": "message_start", "message": message | {"stop_reason": None, "usage": {**usage, "output_tokens": 1}}}


def block_events(index: int, block: Block) -> list[dict[str, Any]]:
    start, deltas = parts_of(block, f"toolu_local_{index}")
    return [
        {"type": "content_block_start", "index": index, "content_block": start},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def parts_of(block: Block, id: str) -> tuple[Block, list[dict[str, Any]]]:
    """A block as it starts, and the deltas that complete it."""
    match block["type"]:
        case "text":
            said = [{"type": "text_delta", "text": half} for half in halves(block["text"])]
            return {"type": "text", "text": ""}, said
        case "thinking":
            thought = [{"type": "thinking_delta", "thinking": half} for half in halves(block["thinking"])]
            signature = {"type": "signature_delta", "signature": signed(block["thinking"])}
            return {"type": "thinking", "thinking": "", "signature": ""}, [*thought, signature]
        case _:
            given = block["input"]
            text = given if isinstance(given, str) else json.dumps(given)
            deltas = [{"type": "input_json_delta", "partial_json": half} for half in halves(text)]
            return {"id": id, **block, "input": {}}, deltas


def halves(text: str) -> list[str]:
    middle = len(text) // 2
    return [text[:middle], text[middle:]]


def signed(thinking: str) -> str:
    """The signature that the server puts under a thought, and wants to see again."""
    return hashlib.sha256(thinking.encode()).hexdigest()
