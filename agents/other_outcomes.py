"""Other outcomes than those that were recorded, in the shapes that a journal holds."""

from typing import Any

from agents import blobs
from agents.exceptions import ForkRefused
from agents.models import Checkpoint, Run
from agents.runtime.text import loads

SUCCEEDED = {"status": "succeeded"}


def outcome_changed(step: Checkpoint, said: Any) -> dict[str, Any]:
    """What a step comes to instead; raises ForkRefused."""
    match step.kind:
        case "model":
            return _kept({"blocks": blocks(said), "stop": "", "usage": {}, "cost": 0})
        case "tool":
            return _kept({"id": _recorded(step).get("id", ""), "value": said} | SUCCEEDED)
        case "receive":
            return _kept({"role": "user", "content": said})
        case "branch":
            return _kept(_chosen(_recorded(step), said))
        case "child":
            return _kept(said)
    raise ForkRefused(f"The outcome of step {step.seq} cannot be another: it is of the kind {step.kind}.")


def arguments_changed(source: Run, step: Checkpoint, arguments: Any) -> tuple[Checkpoint, dict[str, Any]]:
    """The model's turn that asked for the call of this step, and what it says with other arguments."""
    if step.kind != "tool" or not isinstance(arguments, dict):
        raise ForkRefused("Only the arguments of a call can be changed, and they are an object.")
    wanted = _recorded(step).get("id")
    turns = source.journal.filter(kind="model", failed=False, seq__lt=step.seq)
    turn = turns.order_by("-seq").first()
    reply = _recorded(turn) if turn else {"blocks": []}
    found = [block for block in reply["blocks"] if block.get("type") == "tool_use" and block.get("id") == wanted]
    if turn is None or not wanted or len(found) != 1:
        raise ForkRefused(f"The call of step {step.seq} was not asked for by the model's last turn before it.")
    said = [{**block, "input": arguments} if block is found[0] else block for block in reply["blocks"]]
    return turn, _kept(reply | {"blocks": said})


def blocks(said: Any) -> list[dict[str, Any]]:
    """A turn of the model: text, or content blocks; raises ForkRefused."""
    found = [{"type": "text", "text": said}] if isinstance(said, str) else said
    if not isinstance(found, list) or not found or not all(_is_block(block) for block in found):
        raise ForkRefused("A turn of the model is text, or a list of content blocks: text and tool_use.")
    return found


def _is_block(block: Any) -> bool:
    if not isinstance(block, dict):
        return False
    if block.get("type") == "tool_use":
        return isinstance(block.get("name"), str) and isinstance(block.get("id"), str) and "input" in block
    return block.get("type") != "text" or isinstance(block.get("text"), str)


def _chosen(recorded: dict[str, Any], said: Any) -> dict[str, Any]:
    if said not in recorded["options"]:
        raise ForkRefused(f"The branch was between {', '.join(recorded['options'])}.")
    return recorded | {"chosen": said}


def _recorded(step: Checkpoint) -> dict[str, Any]:
    value: dict[str, Any] = loads(blobs.read(step.outcome))
    return value


def _kept(value: Any) -> dict[str, Any]:
    return {"value": value, "failed": False}
