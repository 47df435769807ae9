"""What the processes of a battle know besides the product: a flow, its scripted model, and tools that act outside."""

import json
import os
import time
from typing import Any

from pydantic import BaseModel

from agents.exceptions import EffectFailed
from agents.gateway.scripted import script
from agents.runtime.flow import flow
from agents.runtime.propose import call_digest
from agents.tools import CallContext, ToolError, tool
from tests.nemesis import mutants, outside, prices
from workspaces import canonical

SECONDS = 2
OVERDUE_SECONDS = 0.2  # less than a worker waits for a child that does not end itself
TOOLS = ["nemesis_look", "nemesis_put", "nemesis_pay"]

if os.environ.get(prices.PRICED):
    prices.install()
if name := os.environ.get("NEMESIS_MUTANT"):
    mutants.apply(name)


class Tally(BaseModel):
    """What the flow counts as it goes."""

    turns: int = 0
    ends: list[str] = []


@flow("nemesis", state=Tally, steered=False)
async def story(run):
    """A timer, turns with tools, a message, branches side by side, a question, a child run: what the plan says."""
    plan = run.input["plan"]
    if plan["sleep"]:
        await run.sleep(plan["sleep"])
    while (reply := await run.model()).tool_calls:
        outcomes = await run.tools(reply.tool_calls)
        run.state.turns += 1
        run.state.ends += [outcome.status for outcome in outcomes]
    if plan["hear"]:
        await run.receive()
    if plan["split"]:
        run.state.ends += await run.gather(by_hand(run, "left"), by_hand(run, "right"))
    if plan["ask"]:
        run.state.ends.append(await answer(run))
    if plan["below"]:
        run.state.ends.append(await below(run, plan["below"]))
    return run.state.turns


async def by_hand(run, what):
    """A branch: a short sleep and one keyed call."""
    await run.sleep(0.1)
    try:
        await run.call("nemesis_put", what=what, millis=0)
    except EffectFailed:
        return f"{what} failed"
    return what


async def below(run, told):
    """A child run of this same flow, which may have one of its own."""
    try:
        return f"child took {await run.child('nemesis', told)} turns"
    except EffectFailed:
        return "child failed"


async def answer(run):
    """What people say, or that they did not."""
    try:
        return str(await run.question("Go on?"))
    except EffectFailed:
        return "no answer"


@script("nemesis")
def model(request):
    """The n-th turn of the newest plan in the conversation; each time it is asked is a line outside.

    So repeated steps can be counted, and what a thread's earlier runs have left in the conversation can be checked.
    """
    plans = [place for place, message in enumerate(request.messages) if is_plan(message)]
    said = [json.loads(request.messages[place]["content"]) for place in plans]
    turns, marks = said[-1]["turns"], [one["mark"] for one in said]
    outside.write("turn", key=request.key, marks=marks)
    turn = sum(message["role"] == "assistant" for message in request.messages[plans[-1] :])
    if turn >= len(turns):
        return [{"type": "text", "text": "done"}]
    time.sleep(turns[turn]["millis"] / 1000)
    return [
        {"type": "tool_use", "id": f"{turn}-{place}", "name": call["name"], "input": call["input"]}
        for place, call in enumerate(turns[turn]["calls"])
    ]


def is_plan(message: dict[str, Any]) -> bool:
    """Whether this is an input of a run; whatever else is said has another beginning."""
    return isinstance(message["content"], str) and message["content"].startswith('{"mark"')


def told(context: CallContext, name: str, **arguments: Any) -> dict[str, Any]:
    """What the ledger says of a call: its key, its attempt, and the digest of the very arguments that arrived here."""
    digest = call_digest(name, canonical.dumps(arguments)).hex()
    return {"key": context.key, "run": str(context.run_id), "attempt": context.attempt, "digest": digest}


@tool(effect="read", timeout=SECONDS)
def nemesis_look(context: CallContext, what: str) -> str:
    """Look something up."""
    outside.write("look", **told(context, "nemesis_look", what=what))
    return f"seen {what}"


@tool(effect="keyed", timeout=SECONDS, retries=3)
def nemesis_put(context: CallContext, what: str, millis: int) -> str:
    """Write under a key."""
    said = told(context, "nemesis_put", what=what, millis=millis)
    time.sleep(millis / 1000)
    if not outside.put_once(context.key, said["digest"]):
        outside.write("other body under this key", **said)
        raise ToolError("another body was put under this key", type="mismatch")
    outside.write("put", **said)
    return f"put {what}"


@tool(effect="unsafe", timeout=SECONDS)
def nemesis_pay(context: CallContext, what: str, amount: int, ends: str) -> str:
    """Write without a key; `ends` well, late, lost (the answer), declined (nothing happens), overdue (nothing may)."""
    if ends == "declined":
        raise ToolError(f"{what} is declined", type="declined")
    if ends == "overdue":
        time.sleep(SECONDS + OVERDUE_SECONDS)
    outside.write("pay", ends=ends, **told(context, "nemesis_pay", what=what, amount=amount, ends=ends))
    if ends == "late":
        time.sleep(SECONDS / 3)
    if ends == "lost":
        raise ConnectionResetError("the answer was lost")
    return f"paid {amount} for {what}"
