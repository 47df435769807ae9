"""The registry of flows, and what a flow holds in its hand: `run`."""

import ast
import copy
import inspect
import textwrap
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from pydantic import BaseModel

from agents.exceptions import FlowError, UnknownFlow
from agents.runtime.conversation import Conversation
from agents.runtime.effects import Effect, Gather, Outcome
from agents.runtime.replies import CallOutcome, Reply, refusals


@dataclass(frozen=True, slots=True)
class FlowSpec:
    """One revision of a flow; revisions are registered side by side."""

    name: str
    revision: int
    function: Callable[["FlowRun"], Coroutine[Any, Any, Any]]
    state: type[BaseModel] | None
    says_input: bool
    steered: bool = True

    @property
    def served(self) -> str:
        return f"{self.name}:{self.revision}"


registry: dict[tuple[str, int], FlowSpec] = {}


def flow(
    name: str,
    *,
    revision: int = 1,
    state: type[BaseModel] | None = None,
    says_input: bool = True,
    steered: bool = True,
) -> Callable[[Callable[..., Coroutine[Any, Any, Any]]], Callable[..., Coroutine[Any, Any, Any]]]:
    """Register an `async def` as a flow. With `says_input`, a run's text input becomes its first user message.

    With `steered`, messages that come while the flow waits for none are put before its next model turn; without, they
    are kept for its `receive`.
    Raises FlowError where the function awaits inside `finally` or uses `async with`: parking raises through it.
    """

    def register(function: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Coroutine[Any, Any, Any]]:
        _refuse_awaits_in_cleanup(function)
        if (name, revision) in registry and registry[name, revision].function.__module__ != function.__module__:
            raise FlowError(f"The flow {name} revision {revision} is registered twice.")
        registry[name, revision] = FlowSpec(name, revision, function, state, says_input, steered)
        return function

    return register


def get(name: str, revision: int) -> FlowSpec:
    """The flow of this name and revision; raises UnknownFlow."""
    try:
        return registry[name, revision]
    except KeyError:
        raise UnknownFlow(f"No flow {name} of revision {revision} is registered.") from None


def served() -> list[str]:
    """What this process can advance, as name:revision."""
    return [spec.served for spec in registry.values()]


def _refuse_awaits_in_cleanup(function: Callable[..., Any]) -> None:
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    for node in ast.walk(tree):
        cleanup = node.finalbody if isinstance(node, ast.Try) else []
        awaits = any(isinstance(inner, ast.Await) for part in cleanup for inner in ast.walk(part))
        if awaits or isinstance(node, ast.AsyncWith | ast.AsyncFor):
            raise FlowError(
                f"{function.__name__} awaits in `finally`, `async with` or `async for`: "
                "a waiting run is put away by closing its coroutine, which such code would hold up."
            )


class FlowRun:
    """What a flow sees as `run`: its input, its messages, its state, and the effects that it may await."""

    def __init__(
        self,
        spec: FlowSpec,
        *,
        run_id: str,
        input: Any,
        settings_digest: bytes = b"\0" * 16,
        max_calls: int = 64,
        history: Sequence[dict[str, Any]] = (),
    ):
        self.id, self.input, self.max_calls = run_id, input, max_calls
        self.voice = ""
        self.state: Any = spec.state() if spec.state else None
        self.outcomes: dict[str, Outcome] = {}
        self.conversations: dict[str, Conversation] = {}
        self.settings_digest = settings_digest
        self.messages.begin_with(list(history))
        for message in said(input) if spec.says_input else ():
            self.messages.say(message)

    @property
    def messages(self) -> Conversation:
        """The conversation that is spoken in: the main one, but for an `aside`."""
        return self.conversation(self.voice)

    def aside(self, key: str) -> "FlowRun":
        """The same run with a conversation of its own: for each of the sub-flows that speak side by side."""
        beside = copy.copy(self)
        beside.voice = key
        return beside

    def conversation(self, key: str) -> Conversation:
        """The conversation of this name; the main one has none."""
        if key not in self.conversations:
            self.conversations[key] = Conversation(self.outcomes)
        return self.conversations[key]

    def heard(self) -> Iterator[dict[str, Any]]:
        """Everything that was said until now, in all conversations."""
        return chain.from_iterable(talk.messages() for talk in self.conversations.values())

    @property
    def last_text(self) -> str | None:
        """The text of the last reply in the main conversation: what a run has when a limit ends it."""
        for entry in reversed(self.messages.entries):
            if entry and isinstance(entry, list) and "blocks" in (value := self.outcomes[entry[0]].value):
                return Reply(value["blocks"], "").text
        return None

    # --- effects ---

    async def model(self, *, conversation: str | None = None) -> Reply:
        """One model turn over the conversation; its message is appended. Raises EffectFailed."""
        key = self.voice if conversation is None else conversation
        talk = self.conversation(key)
        settings = self.settings_digest  # the digest is of what has been said when the turn begins
        effect = Effect("model", {"conversation": key}, Reply.of, lambda: talk.hash.digest()[:16] + settings)
        with talk:
            reply: Reply = await effect
        talk.refer([effect.position])
        return reply

    async def tools(self, calls: list[dict[str, Any]], *, conversation: str | None = None) -> list[CallOutcome]:
        """All calls of a turn, each through the gate and in parallel; their results become one user message."""
        talk = self.conversation(self.voice if conversation is None else conversation)
        effects = [self._tool(call["name"], call.get("input"), call.get("id", "")) for call in calls]
        for effect, refusal in zip(effects, refusals(calls, self.max_calls), strict=True):
            effect.refusal = refusal
        with talk:
            outcomes: list[CallOutcome] = await Gather(effects)
        talk.refer([effect.position for effect in effects])
        return outcomes

    async def call(self, name: str, **arguments: Any) -> Any:
        """One tool by hand: its value, or EffectFailed when it did not succeed."""
        return (await self._tool(name, arguments)).value_or_raise()

    async def question(self, text: str, *, options: list[str] | None = None) -> Any:
        """Ask people; parks until somebody answers."""
        arguments: dict[str, Any] = {"text": text} | ({"options": options} if options else {})
        return (await self._tool("question", arguments)).value_or_raise()

    async def child(self, name: str, input: Any = None) -> Any:
        """Another flow or agent as a run of its own: what it returns, or EffectFailed when it did not succeed."""
        return await Effect("child", {"name": name, "input": input})

    async def receive(self, *, conversation: str | None = None) -> dict[str, Any]:
        """The next user message, appended to the conversation; parks until there is one."""
        key = self.voice if conversation is None else conversation
        effect = Effect("receive", {"conversation": key})
        message: dict[str, Any] = await effect
        self.conversation(key).refer([effect.position])
        return message

    async def branch(self, options: list[str], chosen: str, *, why: str = "") -> str:
        """Record a routing decision. Use the returned value: a fork may change it."""
        way: dict[str, str] = await Effect("branch", {"options": options, "chosen": chosen, "why": why})
        return way["chosen"]

    async def note(self, text: str) -> None:
        """Leave a note in the journal."""
        await Effect("note", {"text": text})

    async def now(self) -> datetime:
        """The recorded time."""
        return datetime.fromtimestamp(await Effect("now", {}), UTC)

    async def random(self) -> float:
        """A recorded random number, 0 <= x < 1."""
        return float(await Effect("random", {}))

    async def sleep(self, seconds: float) -> None:
        """Park for so long; a row, not a thread."""
        await self.until(datetime.fromtimestamp((await self.now()).timestamp() + seconds, UTC))

    async def until(self, when: datetime) -> None:
        """Park until then."""
        await Effect("until", {"at": when.timestamp()})

    async def gather(self, *members: Awaitable[Any]) -> list[Any]:
        """Sub-flows and effects side by side; waits for all, then raises the first failure in order."""
        results: list[Any] = await Gather(members)
        return results

    def _tool(self, name: str, arguments: Any, provider_id: str = "") -> Effect:
        return Effect("tool", {"name": name, "input": arguments, "id": provider_id}, CallOutcome)


def said(input: Any) -> list[dict[str, Any]]:
    """The messages that an input says: a text is a user's, an object may name them."""
    if isinstance(input, str):
        return [{"role": "user", "content": input}]
    named = input.get("messages") if isinstance(input, dict) else None
    return named if isinstance(named, list) else []
