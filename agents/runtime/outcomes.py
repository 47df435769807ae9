"""How the ends of effects become outcomes that a journal stores and a flow reads."""

import logging
import traceback
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from agents.exceptions import EffectFailed, said
from agents.gateway.pricing import cost_microdollars, wasted
from agents.gateway.types import ModelFailure, ModelReply
from agents.runtime.claim import Call
from agents.runtime.effects import Outcome
from agents.runtime.text import dumps, loads, storable
from agents.runtime.work import Done
from agents.tools.types import ToolResult
from workspaces import logs

log = logging.getLogger(__name__)

EDITED = (
    "Note: a reviewer changed the arguments of this call before it ran. What ran: {args}. "
    "Do not propose the original call again."
)


@dataclass(slots=True)
class Ended:
    """An outcome for one position, with what the commit must know about it."""

    position: str
    outcome: Outcome
    status: str | None = None
    name: str = ""
    tokens: int = 0
    cost: int = 0
    has_run: bool = False
    message_id: int | None = None


def of_model(done: Done) -> "Ended | ModelFailure":
    """A model turn's end; the failure itself where there is no reply."""
    position = done.underway.position
    future: Future[ModelReply] | None = done.future
    if future is None:
        return ModelFailure("The model did not answer within its deadline.", kind="timeout", retryable=True)
    error = future.exception()
    if error is not None:
        return error if isinstance(error, ModelFailure) else broken(error)
    return of_reply(position, future.result())


def of_reply(position: str, reply: ModelReply) -> Ended:
    """A whole turn; what failed attempts before it used is counted with it."""
    cost, usage = cost_microdollars(reply), reply.usage.counters()
    lost_tokens, lost_cost = wasted(reply.attempts)
    value: dict[str, Any] = {"blocks": reply.blocks, "stop": reply.stop, "usage": usage, "cost": cost}
    value |= {"model": reply.model, "provider": reply.provider, "response_id": reply.response_id}
    if reply.first_seconds is not None:
        value["first_seconds"] = reply.first_seconds
    if len(reply.attempts) > 1:
        value["attempts"] = list(reply.attempts)
    tokens = sum(usage.values()) + lost_tokens
    return Ended(position, Outcome.of(value), name=f"chat {reply.model}", tokens=tokens, cost=(cost or 0) + lost_cost)


def broken(error: BaseException) -> ModelFailure:
    """An adapter or a script that raised what it should not: the run fails and says so, and no worker dies of it."""
    log.error("A model's adapter broke: %s\n%s", type(error).__name__, logs.frames(error))
    message = f"The model's adapter broke: {type(error).__name__}: {said(error)}"
    return ModelFailure(message, kind="broken_adapter", retryable=False)


def of_failure(position: str, failure: ModelFailure) -> Ended:
    """A model call that failed for good: it raises EffectFailed in the flow."""
    error: dict[str, Any] = {"type": failure.kind, "message": str(failure), "retryable": failure.retryable}
    tokens, cost = wasted(failure.attempts)
    if tokens:
        error["attempts"] = list(failure.attempts)
    return Ended(position, Outcome.of(error, failed=True), name="chat", tokens=tokens, cost=cost)


def result_of(done: Done) -> ToolResult:
    """What a call came to; a call that nobody waits for any longer is unknown."""
    if done.future is None:
        error = {"type": "timeout", "message": "The call did not end within its time limit.", "retryable": True}
        return ToolResult("unknown", error=error)
    result: ToolResult = done.future.result()
    return result


def of_tool(call: Call, result: ToolResult) -> Ended:
    """A tool's own end, succeeded or failed."""
    if result.kind == "succeeded":
        ended = of_call(call, "succeeded", {"value": loads(result.value or "null")})
    else:
        ended = of_call(call, "failed", {"error": result.error or {"type": "failed", "message": "The tool failed."}})
    ended.has_run = True
    return ended


def of_answer(call: Call, status: str) -> Ended:
    """What a rule, a person or expiry wrote on the call."""
    said = loads(call.outcome) if call.outcome else {}
    said.setdefault("error", {"type": status, "message": call.why or f"The call was {status}.", "retryable": False})
    if status in ("succeeded", "answered"):
        del said["error"]
    return of_call(call, status, said)


def of_call(call: Call, status: str, said: dict[str, Any]) -> Ended:
    """The outcome of a call in the shape that messages are made of."""
    value = {"id": call.provider_id, "status": status} | {key: said[key] for key in ("value", "error") if key in said}
    notes = [said["note"]] if said.get("note") else []
    notes += [EDITED.format(args=call.args.decode())] if call.edited and status in ("succeeded", "failed") else []
    if notes:
        value["note"] = "\n".join(notes)
    failed = status not in ("succeeded", "answered")
    return Ended(call.position, Outcome(dumps(value), failed), status=status, name=f"execute_tool {call.tool}")


def explained(error: BaseException) -> dict[str, Any]:
    """Why a flow failed, with its place in the flow's code."""
    if isinstance(error, EffectFailed):
        return {"type": "effect_failed"} | error.error
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    return {"type": type(error).__name__, "message": storable(said(error)), "place": place}
