"""REST: schedules."""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Status

from agents.api import pages
from agents.api.access import who
from agents.api.schema import ScheduleChange, ScheduleIn, ScheduleOut, SchedulePage
from agents.exceptions import UnknownAgent
from agents.models import Agent, Schedule
from agents.runtime.text import dumps, loads
from agents.scheduling import keep_schedule
from workspaces.idempotency import idempotent

router = Router(tags=["schedules"])


@router.post("/schedules", response={201: ScheduleOut})
@idempotent
def make(request: HttpRequest, body: ScheduleIn) -> Any:
    """Have an agent started at the times of a cron expression, in the caller's name."""
    principal = who(request, "operate")
    agent = Agent.objects.filter(workspace=principal.workspace, name=body.agent).first()
    if agent is None:
        raise UnknownAgent(f"There is no agent {body.agent!r} here.")
    schedule = Schedule(agent=agent, **body.dict(exclude={"agent", "input"}), input=dumps(body.input))
    keep_schedule(schedule, principal)
    return Status(201, shown(schedule))


@router.get("/schedules", response=SchedulePage)
def list_schedules(request: HttpRequest, cursor: str = "", limit: Annotated[int, Query(ge=1, le=200)] = 50) -> Any:
    """Schedules, newest first."""
    schedules = Schedule.objects.filter(workspace=who(request, "view").workspace).select_related("agent", "owner")
    found, following = pages.page(schedules, cursor, limit)
    return {"items": [shown(schedule) for schedule in found], "next": following}


@router.patch("/schedules/{uuid:schedule_id}", response=ScheduleOut)
def change(request: HttpRequest, schedule_id: UUID, body: ScheduleChange) -> Any:
    """Change a schedule, pause it or let it go on; from now on it starts runs in the caller's name."""
    principal = who(request, "operate")
    schedule = get_object_or_404(Schedule, workspace=principal.workspace, pk=schedule_id)
    for name, value in body.dict(exclude_unset=True).items():
        setattr(schedule, name, dumps(value) if name == "input" else value)
    keep_schedule(schedule, principal)
    return shown(schedule)


def shown(schedule: Schedule) -> dict[str, Any]:
    """A schedule as the API shows it."""
    last = schedule.runs.order_by("-scheduled_at").first()
    return {
        "agent": schedule.agent.name,
        "input": loads(schedule.input),
        "owner": schedule.owner.username,
        "last_run": last.pk if last else None,
        "last_at": last.scheduled_at if last else None,
    } | {name: getattr(schedule, name) for name in ScheduleOut.model_fields if name not in COMPUTED}


COMPUTED = {"agent", "input", "owner", "last_run", "last_at"}
