"""An agent whose words and values would like to be more than text, with a flow that keeps state."""

from pydantic import BaseModel

from agents.gateway.scripted import Steps, call, say, script
from agents.runtime.flow import FlowRun, flow
from agents.tools import tool

TICKET = "<b>Broken</b> \u202epanels\nPlease help."
WORDS = "<img src=x onerror=alert(1)> <a hx-get='/runs' hx-trigger='load'>look</a> \u200bhidden"
ENTERED: list[str] = []  # tools that somebody called
TOOLS = ["shop_order", "shop_refund"]

script("shop")(
    Steps(
        [
            [say("I look first."), call("shop_order", order="A-1")],
            [say(WORDS), call("shop_refund", order="A-1", amount=90.5, note="<em>\u202eetoh</em>")],
            [say("Done.")],
        ]
    )
)


class Desk(BaseModel):
    """What the desk knows."""

    phase: str = "looking"
    turns: int = 0


@flow("shop_desk", revision=1, state=Desk)
async def shop_desk(run: FlowRun) -> str:
    """React, and count."""
    while True:
        reply = await run.model()
        run.state.turns += 1
        if not reply.tool_calls:
            return reply.text
        run.state.phase = reply.tool_calls[0]["name"]
        await run.tools(reply.tool_calls)


@tool(effect="read")
def shop_order(order: str) -> dict[str, str]:
    """Find an order."""
    return {"order": order, "customer": "<script>Marta</script>"}


@tool(effect="read")
def shop_hours() -> str:
    """Say when the shop is open."""
    ENTERED.append("shop_hours")
    return "always"


@tool(effect="unsafe", summary="Refund {amount} for {order}")
def shop_refund(order: str, amount: float, note: str = "") -> str:
    """Pay money back."""
    return f"paid {amount} for {order}"
