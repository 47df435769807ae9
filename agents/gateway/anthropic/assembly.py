"""One reply put together from the events of its stream, block by block, as the provider said it."""

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from agents.gateway import arguments
from agents.gateway.types import Block, ModelFailure, ModelReply, Usage

if TYPE_CHECKING:
    from anthropic.types import RawContentBlockDeltaEvent, RawMessageStreamEvent

COUNTERS = {
    "input_tokens": "input_tokens",
    "cache_read_input_tokens": "cache_read_tokens",
    "cache_creation_input_tokens": "cache_write_tokens",
    "output_tokens": "output_tokens",
}
NEEDED = {"text": {"text"}, "thinking": {"thinking"}, "tool_use": {"id", "name", "input"}}
NONSENSE = (AttributeError, IndexError, KeyError, TypeError)  # what an event of an unexpected shape leads to


class Assembly:
    """Takes the events in their order, then gives the reply. Tool inputs are read only when they are whole."""

    def __init__(self) -> None:
        self.response_id = self.model = ""
        self.stop: str | None = None
        self.blocks: list[Block] = []
        self.inputs: defaultdict[int, str] = defaultdict(str)
        self.counters: dict[str, int] = {}

    def take(self, event: "RawMessageStreamEvent") -> dict[str, Any] | None:
        """Add the event; what it means for somebody who watches the reply grow, if anything."""
        try:
            return self._take(event)
        except NONSENSE as error:
            raise _unreadable(f"an event of its stream makes no sense ({error})") from error

    def reply(self, request_id: str) -> ModelReply:
        """The whole turn."""
        if self.stop is None:
            raise ModelFailure("The reply broke off before its end.", kind="truncated", retryable=True)
        for index, block in enumerate(self.blocks):
            if "input" in block:
                block["input"] = self._input(self.inputs[index], block["input"])
        self._check_text()
        return ModelReply(
            blocks=self.blocks,
            stop=self.stop,
            usage=Usage(**self.counters),
            model=self.model,
            provider="anthropic",
            response_id=self.response_id,
            request_id=request_id,
        )

    def _take(self, event: "RawMessageStreamEvent") -> dict[str, Any] | None:
        match event.type:
            case "message_start":
                self.response_id, self.model = event.message.id, event.message.model
                self._count(event.message.usage)
            case "content_block_start":
                self.blocks.append(_begun(event.content_block.to_dict(mode="json")))
            case "content_block_delta":
                return self._extend(event)
            case "message_delta":
                self.stop = event.delta.stop_reason
                self._count(event.usage)
        return None

    def _extend(self, event: "RawContentBlockDeltaEvent") -> dict[str, Any] | None:
        block, delta = self.blocks[event.index], event.delta
        match delta.type:
            case "text_delta":
                block["text"] += delta.text
                return {"type": "text", "text": delta.text}
            case "thinking_delta":
                block["thinking"] += delta.thinking
                return {"type": "thinking", "text": delta.thinking}
            case "input_json_delta":
                self.inputs[event.index] += delta.partial_json
                return {"type": "tool", "name": block["name"], "partial_json": delta.partial_json}
            case "signature_delta":
                block["signature"] = delta.signature
            case "citations_delta":
                block["citations"] = [*(block.get("citations") or []), delta.citation.to_dict(mode="json")]
        return None

    def _count(self, usage: Any) -> None:
        """Counters of later events are totals, and one that is left out keeps its value."""
        for theirs, ours in COUNTERS.items():
            value = getattr(usage, theirs, None)
            if isinstance(value, int):
                self.counters[ours] = value

    def _input(self, text: str, given: Any) -> Any:
        """A tool's input: the text that was streamed, else what the block was given at its start."""
        is_cut = self.stop == "max_tokens"
        if not text and (given or not is_cut):
            return given
        try:
            return arguments.parse(text)
        except ValueError as error:
            if is_cut:
                message = "The reply reached max_tokens in the middle of a tool's input."
                raise ModelFailure(message, kind="max_tokens", retryable=False) from error
            message = f"A tool's input is not usable JSON: {error}."
            raise ModelFailure(message, kind="invalid_tool_input", retryable=True) from error

    def _check_text(self) -> None:
        """Lone surrogates and infinities can be neither stored nor sent back."""
        try:
            json.dumps(self.blocks, ensure_ascii=False, allow_nan=False).encode()
        except (ValueError, RecursionError) as error:
            raise _unreadable(f"its text cannot be stored ({error})") from error


def _unreadable(why: str) -> ModelFailure:
    return ModelFailure(f"The reply is unreadable: {why}.", kind="unreadable", retryable=True)


def _begun(block: Block) -> Block:
    """The block, if it has what every block of its type begins with."""
    if missing := NEEDED.get(block["type"], set()) - block.keys():
        raise KeyError(*missing)
    return block
