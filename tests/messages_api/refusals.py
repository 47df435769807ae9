"""What the real API refuses, so that an adapter cannot pass here and fail there."""

from typing import Any

from tests.messages_api.events import Block, signed


def refused(headers: Any, body: dict[str, Any]) -> tuple[int, str] | None:
    """The status and the sentence for a request that the real API would not take."""
    if not (headers.get("x-api-key") or headers.get("authorization")):
        return 401, "x-api-key header is required"
    if missing := {"model", "max_tokens", "messages"} - body.keys():
        return 400, f"{', '.join(sorted(missing))}: Field required"
    blocks = [block for message in body["messages"] for block in message["content"]]
    marked = [block for block in [*blocks, *body.get("system", []), *body.get("tools", [])] if "cache_control" in block]
    if len(marked) > 4:
        return 400, "A maximum of 4 blocks with cache_control may be provided."
    return refused_block(blocks) or refused_order(body["messages"])


def refused_block(blocks: list[Block]) -> tuple[int, str] | None:
    for block in blocks:
        if block["type"] == "text" and not block["text"]:
            return 400, "messages: text content blocks must be non-empty"
        if block["type"] == "thinking" and block["signature"] != signed(block["thinking"]):
            return 400, "Invalid `signature` in `thinking` block"
        if block["type"] == "thinking" and "cache_control" in block:
            return 400, "cache_control cannot be set on thinking blocks"
    return None


def refused_order(messages: list[dict[str, Any]]) -> tuple[int, str] | None:
    """Every call must be answered at once, and no message may be empty."""
    owed: set[str] = set()
    for message in messages:
        if not message["content"]:
            return 400, "all messages must have non-empty content"
        answered = {block["tool_use_id"] for block in message["content"] if block["type"] == "tool_result"}
        if owed != answered:
            return 400, f"`tool_use` ids without `tool_result` blocks or the reverse: {sorted(owed ^ answered)}"
        owed = {block["id"] for block in message["content"] if block["type"] == "tool_use"}
    return None
