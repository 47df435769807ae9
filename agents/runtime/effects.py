"""What a flow may await: requests to the runtime, and the outcomes that come back."""

import hashlib
from collections.abc import Awaitable, Callable, Generator, Iterable
from typing import Any

from agents import blobs
from agents.exceptions import EffectFailed
from agents.runtime.text import dumps, loads

LOCAL = frozenset({"branch", "note", "now", "random"})


class Outcome:
    """What an effect came to: JSON text or a reference to it, as stored; loaded and parsed when somebody looks."""

    __slots__ = ("_text", "failed", "stored")

    def __init__(self, stored: str, failed: bool = False):
        self.stored, self.failed = stored, failed
        self._text: str | None = None

    @property
    def text(self) -> str:
        if self._text is None:
            self._text = blobs.read(self.stored)
        return self._text

    def keep(self, keep: Callable[[str], str]) -> None:
        """Before it is handed to a flow, whose digests are of what is stored: put it where it belongs by its size."""
        self._text, self.stored = self.text, keep(self.stored)

    @property
    def value(self) -> Any:
        return loads(self.text)

    @classmethod
    def of(cls, value: object, failed: bool = False) -> "Outcome":
        return cls(dumps(value), failed)


def plain(outcome: Outcome) -> Any:
    """The value itself; a failed outcome raises EffectFailed in the flow."""
    if outcome.failed:
        raise EffectFailed(outcome.value)
    return outcome.value


class Effect:
    """One request to the world. Awaiting it hands it to the runtime; `read` makes of the outcome what the flow gets."""

    __slots__ = ("ask", "kind", "position", "read", "refusal", "request")

    def __init__(
        self,
        kind: str,
        ask: dict[str, Any],
        read: Callable[[Outcome], Any] = plain,
        request: Callable[[], bytes] | None = None,
    ):
        self.kind, self.ask, self.read = kind, ask, read
        self.position = ""
        self.refusal: dict[str, Any] | None = None  # why it is not performed, whatever it asks for
        self.request = request or self.digest

    def __await__(self) -> Generator["Effect", Outcome, Any]:
        return self.read((yield self))

    def digest(self) -> bytes:
        """SHA-256 of kind and ask: what the journal compares."""
        return hashlib.sha256(f"{self.kind}\0{dumps(self.ask)}".encode()).digest()

    def __repr__(self) -> str:
        return f"{self.kind} {self.ask.get('name', '')}".strip() + f" at {self.position}"


class Gather:
    """Several effects or sub-flows at once; awaiting it gives their results in order, or raises the first failure."""

    __slots__ = ("members",)

    def __init__(self, members: Iterable[Awaitable[Any]]):
        self.members = list(members)

    def __await__(self) -> Generator["Gather", list[Any], list[Any]]:
        return (yield self)
