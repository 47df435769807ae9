"""Following a run as server-sent events. Steps are read by their dense seq, so nothing is missed or doubled."""

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import UUID

from asgiref.sync import sync_to_async
from ninja.responses import NinjaJSONEncoder

from agents import reading
from agents.api.schema import CheckpointOut
from agents.models import Run
from agents.runtime import database

LOOK_SECONDS = 0.5
KEEP_ALIVE_SECONDS = 15.0
MAX_SECONDS = 3600.0


async def follow(run_id: UUID, after: int) -> AsyncIterator[str]:
    """Events from the step after `after` until the run has ended; a comment now and then keeps the line open."""
    began = said = time.monotonic()
    status = ""
    while time.monotonic() - began < MAX_SECONDS:
        steps, now, ended = await sync_to_async(_look)(run_id, after)
        for step in steps:
            after = step.seq
            yield event("step", CheckpointOut.model_validate(step).model_dump_json(), number=step.seq)
        if now != status:
            status = now
            yield event("status", NinjaJSONEncoder().encode({"status": status}))
        if ended and not steps:
            yield event("end", NinjaJSONEncoder().encode({"status": status}))
            return
        if not steps:
            if time.monotonic() - said > KEEP_ALIVE_SECONDS:
                said = time.monotonic()
                yield ": still here\n\n"
            await asyncio.sleep(LOOK_SECONDS)


def _look(run_id: UUID, after: int) -> tuple[list[reading.Step], str, bool]:
    with database.released_after():
        run = Run.objects.get(pk=run_id)
        return reading.timeline(run, after=after, limit=200), run.status, run.has_ended


def event(kind: str, data: str, *, number: int | None = None) -> str:
    """One event in the form of the HTML standard's server-sent events."""
    lines = "".join(f"data: {line}\n" for line in data.splitlines())
    return (f"id: {number}\n" if number is not None else "") + f"event: {kind}\n{lines}\n"
