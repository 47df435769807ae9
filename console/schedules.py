"""Schedules: which agents start by themselves, when next, in whose name, and how that went."""

from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from agents.cron import Cron, zone_of
from agents.models import Run, Schedule
from agents.runtime.text import headline, loads
from agents.scheduling import keep_schedule
from agents.starting import start_run
from console.cron_words import in_words
from console.pages import MemberRequest, members_only
from console.standing import with_standing

PAGE = 100
NEXT = 3
LAST = 5


@members_only
@require_safe
def schedules(request: MemberRequest) -> HttpResponse:
    """The list."""
    own = Schedule.objects.filter(workspace=request.principal.workspace).select_related("agent", "owner")
    last_keys = Run.objects.filter(schedule=OuterRef("pk")).order_by("-scheduled_at").values("pk")[:LAST]
    found = list(own.annotate(last_keys=ArraySubquery(last_keys)).order_by("paused", "next_at", "pk")[:PAGE])
    last = last_runs(found)
    rows = [
        {
            "schedule": one,
            "words": headline(loads(one.input)),
            "when": in_words(one.cron),
            "next": following(one),
            "runs": last[one.pk],
        }
        for one in found
    ]
    return render(request, "console/schedules.html", {"rows": rows, "may_operate": request.principal.may("operate")})


@members_only
@require_POST
def pause(request: MemberRequest, schedule_id: UUID) -> HttpResponse:
    """Start nothing more by this schedule until it is resumed."""
    return kept(request, schedule_id, paused=True)


@members_only
@require_POST
def resumption(request: MemberRequest, schedule_id: UUID) -> HttpResponse:
    """Start runs again, in the name of who resumes it."""
    return kept(request, schedule_id, paused=False)


@members_only
@require_POST
def runs(request: MemberRequest, schedule_id: UUID) -> HttpResponse:
    """One run at once, in the name of who asks for it; the times of the schedule stay as they are."""
    own = Schedule.objects.filter(workspace=request.principal.workspace).select_related("agent")
    schedule = get_object_or_404(own, pk=schedule_id)
    run = start_run(request.principal, schedule.agent.name, loads(schedule.input), labels=schedule.labels)
    return redirect("run", run.pk)


def kept(request: MemberRequest, schedule_id: UUID, *, paused: bool) -> HttpResponse:
    """Save the schedule as paused or not."""
    own = Schedule.objects.filter(workspace=request.principal.workspace).select_related("agent")
    schedule = get_object_or_404(own, pk=schedule_id)
    schedule.paused = paused
    keep_schedule(schedule, request.principal)
    return redirect("schedules")


def following(schedule: Schedule) -> list[datetime]:
    """The next times; none while it is paused."""
    if schedule.paused:
        return []
    return list(islice(times(schedule, schedule.next_at), NEXT))


def times(schedule: Schedule, first: datetime | None) -> Iterable[datetime]:
    """The next time that is set, and those that come after it."""
    cron, zone, moment = Cron.read(schedule.cron), zone_of(schedule.time_zone), first
    while moment:
        yield moment
        moment = cron.following(moment, zone)


def last_runs(found: Iterable[Schedule]) -> dict[UUID, list[Run]]:
    """The last runs of each."""
    keys = {one.pk: list(getattr(one, "last_keys", [])) for one in found}
    wanted = [key for some in keys.values() for key in some]
    runs = with_standing(Run.objects.all()).in_bulk(wanted)
    return {schedule: [runs[key] for key in some] for schedule, some in keys.items()}
