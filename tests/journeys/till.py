"""The tool and the scripted agent of the journeys; the worker knows them by TOOL_MODULES."""

from agents.gateway.scripted import Steps, call, say, script
from agents.tools import tool

script("till")(
    Steps(
        [
            [
                say("Two panels are cracked, so I propose the full refund."),
                call("till_refund", order="A-17", amount=90),
            ],
            [say("The refund is on its way.")],
        ]
    )
)


@tool(effect="unsafe", summary="Refund {amount} for {order}")
def till_refund(order: str, amount: float, note: str = "") -> dict[str, object]:
    """Pay money back.

    Args:
        order: The order number.
        amount: Euros.
        note: For the books.
    """
    return {"paid": amount, "order": order}
