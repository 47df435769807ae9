"""Schedules: kept by people, fired by the sweep, each due time once."""

from datetime import datetime
from typing import Any, NoReturn

from django.conf import settings
from django.db import connection, transaction

from agents import blobs
from agents.cron import Cron, zone_of
from agents.exceptions import ScheduleRefused
from agents.models import Run, Schedule
from agents.runtime.text import loads
from agents.starting import start_run
from workspaces import audit, canonical, events
from workspaces.exceptions import CountersignError, Forbidden, NotFound
from workspaces.principal import Principal

AT_ONCE = 50


@transaction.atomic
def keep_schedule(schedule: Schedule, by: Principal) -> None:
    """Save a new or changed schedule in the name of `by`; raises ScheduleRefused, CanonicalError, Forbidden."""
    by.require("operate")
    check(schedule)
    schedule.workspace_id, schedule.owner = schedule.agent.workspace_id, by.person
    schedule.next_at, schedule.problem = next_time(schedule, database_now()), ""
    schedule.full_clean(exclude=["owner", "workspace"])
    schedule.save()
    detail = {"agent": schedule.agent.name, "cron": schedule.cron, "time_zone": schedule.time_zone}
    audit.record(schedule.workspace_id, by, "schedule.kept", schedule.pk, detail | {"paused": schedule.paused})
    events.record(schedule.workspace_id, "configuration", "schedule.kept")


def check(schedule: Schedule) -> None:
    """Raise CanonicalError or ScheduleRefused unless a run could be started with this input and these labels."""
    canonical.check(loads(schedule.input))
    if blobs.is_large(schedule.input):
        _refuse("input", f"The input of a schedule has {settings.BLOB_ABOVE_BYTES:,} bytes at most.")
    labels = schedule.labels
    if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
        _refuse("labels", "Labels are an object of texts.")
    canonical.check(labels)


def next_time(schedule: Schedule, after: datetime) -> datetime:
    """When the schedule is due next; raises ScheduleRefused."""
    moment = Cron.read(schedule.cron).following(after, zone_of(schedule.time_zone))
    if moment is None:
        _refuse("cron", f"{schedule.cron!r} names a day that never comes.")
    return moment


def _refuse(name: str, sentence: str) -> NoReturn:
    raise ScheduleRefused(sentence, [{"path": f"/{name}", "message": sentence}])


def fire_due() -> None:
    """Start what is due; a duty of the sweep, safe in several processes."""
    for _ in range(AT_ONCE):
        if not fire_one():
            return


@transaction.atomic
def fire_one() -> bool:
    """Start one schedule that is due and that no other sweep has in hand; False where there is none.

    However many times were missed, it is started once, for the first of them.
    """
    schedule = (
        Schedule.objects.due()
        .select_related("agent", "workspace", "owner")
        .select_for_update(no_key=True, skip_locked=True, of=("self",))
        .first()
    )
    if schedule is None:
        return False
    try:
        with transaction.atomic():
            start(schedule)
        schedule.problem = ""
    except CountersignError as problem:
        schedule.problem = str(problem)
        events.record(schedule.workspace_id, "configuration", "schedule.failed", schedule.pk)
    schedule.next_at = next_time(schedule, database_now())
    schedule.save(update_fields=["next_at", "problem"])
    return True


def start(schedule: Schedule) -> Run:
    """The run for the time that the schedule is due at, in its owner's name and with the owner's rights of now."""
    try:
        owner = Principal.of_session(schedule.owner, schedule.workspace)
    except NotFound:
        raise Forbidden(f"{schedule.owner.username} is no longer a member here and starts no runs.") from None
    due: dict[str, Any] = {"schedule": schedule, "scheduled_at": schedule.next_at}
    return start_run(owner, schedule.agent.name, loads(schedule.input), labels=schedule.labels, **due)


def database_now() -> datetime:
    """The database's time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment
