"""What a call may use at most, and what a step has used, by unit. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from agents.gateway.pricing import price
from agents.gateway.types import Link, ModelRequest, Usage
from agents.runtime.text import dumps

if TYPE_CHECKING:
    from agents.runtime.commit import Segment

type Amounts = Mapping[str, Decimal]

BYTES_PER_TOKEN = 2  # English has about four: this errs upwards
MICRODOLLARS = Decimal(1_000_000)


def of_model(request: ModelRequest, chain: list[Link], deadline_seconds: float) -> Amounts:
    """One turn: the whole prompt and the longest reply, at the dearest model of the chain."""
    prompt = len(dumps([request.system, request.messages, request.tools]).encode()) // BYTES_PER_TOKEN
    usage = Usage(input_tokens=prompt, output_tokens=request.max_tokens)
    dearest = max((price(usage, link["model"], link["provider"]) or 0 for link in chain), default=0)
    return {
        "tokens": Decimal(prompt + request.max_tokens),
        "cost": dearest / MICRODOLLARS,
        "steps": Decimal(1),
        "seconds": seconds(deadline_seconds),
    }


def of_call(timeout: float) -> Amounts:
    """One tool call."""
    return {"tool_calls": Decimal(1), "steps": Decimal(1), "seconds": seconds(timeout)}


def of_segment(segment: "Segment") -> Amounts:
    """What the outcomes of one commit have used. A call in doubt may have happened, and counts.

    A run that a limit ends with its first step has not run.
    """
    return {
        "runs": Decimal(0 if segment.ended_by else sum(row.is_first for row in segment.rows)),
        "tokens": Decimal(segment.tokens),
        "cost": segment.cost / MICRODOLLARS,
        "tool_calls": Decimal(segment.tool_calls + len(segment.doubts)),
        "steps": Decimal(len(segment.rows)),
        "seconds": seconds(segment.seconds),
    }


def seconds(length: float) -> Decimal:
    """A length of time, to the millisecond."""
    return Decimal(round(length * 1000)) / 1000
