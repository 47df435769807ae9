"""What goes to a model, what comes back, and how it fails. Messages and tools are Anthropic-shaped."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

type Block = dict[str, Any]
type Message = dict[str, Any]
type Link = dict[str, str]
type OnDelta = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One turn to ask for. `timeout` bounds one attempt by the wall clock; `key` is its idempotency key."""

    model: str = ""
    system: str = ""
    messages: list[Message] = field(default_factory=list)
    tools: list[dict[str, Any]] = field(default_factory=list)
    max_tokens: int = 4096
    timeout: float = 120.0
    effort: str | None = None
    cache: bool = True
    single_tool: bool = False
    key: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def turns_so_far(self) -> int:
        """How many turns the model has had: what scripts and recordings go by."""
        return sum(message["role"] == "assistant" for message in self.messages)


@dataclass(frozen=True, slots=True)
class Usage:
    """Four disjoint token counters: none of them includes another."""

    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0

    def __bool__(self) -> bool:
        return self != Usage()

    def counters(self) -> dict[str, int]:
        """As journals keep them."""
        return {
            "input": self.input_tokens,
            "cache_read": self.cache_read_tokens,
            "cache_write": self.cache_write_tokens,
            "output": self.output_tokens,
        }

    @property
    def all_input_tokens(self) -> int:
        """Input with the cache's share, as OpenTelemetry and price lists count it."""
        return self.input_tokens + self.cache_read_tokens + self.cache_write_tokens


@dataclass(frozen=True, slots=True)
class ModelReply:
    """One whole turn of a model. `attempts` says what it took: {provider, model, kind, seconds} each.

    `usage` is that of the attempt that succeeded; failed ones have their own, as far as the provider told.
    `first_seconds` is how long the attempt that succeeded took to its first piece, where somebody listened.
    """

    blocks: list[Block]
    stop: str
    usage: Usage
    model: str
    provider: str
    response_id: str = ""
    request_id: str = ""
    attempts: tuple[dict[str, Any], ...] = ()
    first_seconds: float | None = None

    @property
    def text(self) -> str:
        return "".join(block["text"] for block in self.blocks if block["type"] == "text")

    @property
    def tool_calls(self) -> list[Block]:
        return [block for block in self.blocks if block["type"] == "tool_use"]


class ModelFailure(Exception):
    """No whole turn came back; `kind` says why in one word, `retryable` whether asking again may help."""

    def __init__(
        self,
        message: str,
        *,
        kind: str,
        retryable: bool,
        status: int | None = None,
        request_id: str = "",
        retry_after: float | None = None,
    ):
        super().__init__(message)
        self.kind, self.retryable = kind, retryable
        self.status, self.request_id, self.retry_after = status, request_id, retry_after
        self.attempts: tuple[dict[str, Any], ...] = ()
        self.usage = Usage()  # what the provider counted before it failed


class Adapter(Protocol):
    """One way to reach models. The modules of this package that have such a `complete` are adapters."""

    def complete(self, request: ModelRequest, on_delta: OnDelta | None = None) -> ModelReply:
        """The model's next turn. `on_delta` gets {"type": "text" | "thinking", "text"} and
        {"type": "tool", "name", "partial_json"} as they arrive; what it raises ends the call."""
