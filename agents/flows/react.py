"""The flows every installation has."""

from agents.runtime.flow import FlowRun, flow
from agents.runtime.replies import Reply


@flow("react", revision=1)
async def react(run: FlowRun) -> str:
    """Reason and act until the model answers or a limit stops it."""
    return (await turn(run)).text


@flow("chat", revision=1, says_input=False)
async def chat(run: FlowRun) -> None:
    """One conversation: a user message, the model's answer with whatever tools it takes, and the next message."""
    while True:
        await run.receive()
        await turn(run)


@flow("imported", revision=1, says_input=False)
async def imported(run: FlowRun) -> None:
    """A conversation that was recorded elsewhere; it was a chat."""
    await chat(run)


async def turn(run: FlowRun) -> Reply:
    """Model and tools in alternation, until the model answers without a tool call."""
    while True:
        reply = await run.model()
        if not reply.tool_calls:
            return reply
        await run.tools(reply.tool_calls)
