"""REST: forks of runs."""

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Status
from pydantic import Field, StringConstraints

from agents.api.access import who
from agents.api.runs import shown
from agents.api.schema import NO_NUL, Name, RunOut, Strict
from agents.forking import Changes, fork_run
from agents.models import Run
from workspaces.idempotency import idempotent

router = Router(tags=["runs"])
OF_THE_STEP = ("state", "messages", "said", "outcome", "arguments")
Words = str | list[dict[str, Any]]


class LinkIn(Strict):
    """A model of a chain."""

    provider: Name
    model: Name


class MessageOfFork(Strict):
    """A message of the conversation."""

    role: Literal["user", "assistant"]
    content: Words


class ForkIn(Strict):
    """Where a fork leaves the run, and what it does otherwise; what is left out stays as it was.

    Without `seq` it leaves after the last step with which the flow of the version agrees. `state`, `messages` and
    `said` (the user's last message) are changed just before the outcome of the step is handed to the flow; `outcome`
    replaces it, and `arguments` those of the step's call; `say` comes before the next turn of the model. Calls that the
    run made alike after the step are answered from its record. What becomes of others says `mode`: `live` makes them,
    and every write waits for people; `simulated` does nothing; `recorded` ends there.
    """

    seq: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    mode: Literal["live", "simulated", "recorded"] = "live"
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    chain: Annotated[list[LinkIn], Field(min_length=1, max_length=10)] | None = None
    instructions: Annotated[str, StringConstraints(max_length=100_000, pattern=NO_NUL)] | None = None
    input: Any = None
    say: Words | None = None
    state: dict[str, Any] | None = None
    messages: Annotated[list[MessageOfFork], Field(min_length=1, max_length=1000)] | None = None
    said: Words | None = None
    outcome: Any = None
    arguments: dict[str, Any] | None = None

    @property
    def changes(self) -> Changes:
        """What is named."""
        said = self.dict(exclude_none=True)
        edits = {name: said[name] for name in OF_THE_STEP if name in said}
        named = {name: said[name] for name in ("version", "chain", "instructions", "input", "say") if name in said}
        return Changes(**named, edits=edits)


@router.post("/runs/{uuid:run_id}/forks", response={201: RunOut})
@idempotent
def fork(request: HttpRequest, run_id: UUID, body: ForkIn) -> Any:
    """Start a new run that begins with steps of this one, which is left as it is."""
    principal = who(request, "engineer")
    source = get_object_or_404(Run.objects.select_related("agent", "version"), workspace=principal.workspace, pk=run_id)
    run = fork_run(principal, source, body.seq, mode=body.mode, changes=body.changes)
    return Status(201, shown(run))
