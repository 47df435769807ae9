"""Handing out a turn that is known beforehand as if a model had just produced it; for scripts and recordings."""

import hashlib
import json
from copy import deepcopy
from typing import Any

import orjson

from agents.gateway.types import Block, ModelReply, ModelRequest, OnDelta, Usage

CHARACTERS_PER_TOKEN = 4  # a usual estimate for English; these counters only have to move believably
PIECES = 4  # in how many deltas a block arrives


def play(blocks: list[Block], request: ModelRequest, provider: str, on_delta: OnDelta | None) -> ModelReply:
    """The reply made of these blocks, streamed in a few pieces. The same request always gives the same ids."""
    blocks = [with_id(block, position, request) for position, block in enumerate(deepcopy(blocks))]
    if on_delta:
        for block in blocks:
            stream(block, on_delta)
    stop = "tool_use" if any(block["type"] == "tool_use" for block in blocks) else "end_turn"
    usage = Usage(input_tokens=estimated_tokens(asked(request)), output_tokens=estimated_tokens(blocks))
    response_id = "msg_" + fingerprint(request, "reply")
    return ModelReply(
        blocks=blocks, stop=stop, usage=usage, model=request.model, provider=provider, response_id=response_id
    )


def with_id(block: Block, position: int, request: ModelRequest) -> Block:
    """The block, a tool call with an id."""
    if block["type"] != "tool_use" or block.get("id"):
        return block
    return {"type": "tool_use", "id": "toolu_" + fingerprint(request, str(position)), **block}


def stream(block: Block, on_delta: OnDelta) -> None:
    """Tell `on_delta` about the block piece by piece."""
    match block["type"]:
        case "text" | "thinking" as kind:
            for piece in pieces(block[kind]):
                on_delta({"type": kind, "text": piece})
        case "tool_use":
            for piece in pieces(json.dumps(block["input"])):
                on_delta({"type": "tool", "name": block["name"], "partial_json": piece})


def pieces(text: str) -> list[str]:
    """The text cut into at most PIECES parts."""
    size = max(1, -(-len(text) // PIECES))
    return [text[start : start + size] for start in range(0, len(text), size)]


def asked(request: ModelRequest) -> list[Any]:
    """What a model would read."""
    return [request.system, request.messages, request.tools]


def fingerprint(request: ModelRequest, part: str) -> str:
    """24 characters that are the same for the same part of the same request."""
    return hashlib.sha256(written([part, request.model, *asked(request)])).hexdigest()[:24]


def estimated_tokens(value: Any) -> int:
    """About how many tokens a real model would count for it."""
    return len(written(value)) // CHARACTERS_PER_TOKEN


def written(value: Any) -> bytes:
    """JSON text, quickly: a whole conversation passes here with each turn."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # an integer of more than 64 bits, or a lone surrogate
        return json.dumps(value, sort_keys=True).encode()
