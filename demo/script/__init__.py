"""The scripted model `refunds-desk`: it reads free text by simple rules, so that the demo works without any key."""

from agents.gateway.scripted import script
from agents.gateway.types import Block, ModelRequest
from demo.script.case import Case
from demo.script.desk import next_turn


@script("refunds-desk")
def refunds_desk(request: ModelRequest) -> list[Block]:
    """What the desk says or proposes next; the same conversation always gets the same answer."""
    return next_turn(Case.of(request.messages))
