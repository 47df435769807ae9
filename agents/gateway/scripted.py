"""A model that follows a script: deterministic and offline; it drives the demo and the tests."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from agents.gateway.playing import play
from agents.gateway.types import Block, ModelFailure, ModelReply, ModelRequest, OnDelta

type Script = Callable[[ModelRequest], list[Block] | ModelReply]

_scripts: dict[str, Script] = {}


def script[S: Script](name: str) -> Callable[[S], S]:
    """Register the function as the scripted model `name`; a later one of that name takes its place."""

    def register(function: S) -> S:
        _scripts[name] = function
        return function

    return register


class Steps:
    """A script given as its turns: the n-th is said when the model has had n turns in the conversation."""

    def __init__(self, turns: Sequence[list[Block] | ModelReply]):
        self.turns = turns

    def __call__(self, request: ModelRequest) -> list[Block] | ModelReply:
        turn = request.turns_so_far
        if turn < len(self.turns):
            return self.turns[turn]
        message = f"The script has {len(self.turns)} turns and was asked for another."
        raise ModelFailure(message, kind="script_ended", retryable=False)


def say(text: str) -> Block:
    """A block of text, for scripts."""
    return {"type": "text", "text": text}


def call(tool: str, /, **arguments: Any) -> Block:
    """A tool call, for scripts; its id is given when it is played."""
    return {"type": "tool_use", "name": tool, "input": arguments}


def complete(request: ModelRequest, on_delta: OnDelta | None = None) -> ModelReply:
    """What the script named by `request.model` says next."""
    said = _script(request.model)(request)
    if isinstance(said, list):
        return play(said, request, "scripted", on_delta)
    played = play(said.blocks, request, "scripted", on_delta)
    return replace(said, blocks=played.blocks)


def _script(name: str) -> Script:
    if found := _scripts.get(name):
        return found
    known = ", ".join(sorted(_scripts)) or "none"
    message = f"There is no scripted model “{name}” in this process; registered: {known}."
    raise ModelFailure(message, kind="unknown_script", retryable=False)
