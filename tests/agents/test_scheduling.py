"""Schedules: each due time starts one run, by whichever sweep, in the name of whoever keeps the schedule."""

import pytest

from agents.models import Run, Schedule
from agents.runtime.advance import advance
from agents.scheduling import fire_due
from tests.agents.conftest import STORIES, says
from tests.agents.test_api import call, key, olga  # noqa: F401 - fixtures
from tests.people import all_at_once
from workspaces.models import Event, Membership

pytestmark = pytest.mark.django_db(transaction=True)
BODY = {"agent": "clerk", "input": "hello", "cron": "0 7 * * 1-5", "time_zone": "Europe/Berlin"}
PAST = "2026-01-01T06:00Z"


@pytest.fixture
def schedule(call, agent):  # noqa: F811
    made = call("post", "/schedules", BODY)
    assert made.status_code == 201, made.content
    return Schedule.objects.get(pk=made.json()["id"])


def late(schedule, **columns):
    Schedule.objects.filter(pk=schedule.pk).update(next_at=PAST, **columns)


def test_what_was_missed_fires_once_whoever_sweeps(schedule, call):  # noqa: F811
    late(schedule, labels={"case": "7"})
    all_at_once(4, fire_due)
    fire_due()
    run = Run.objects.get()
    schedule.refresh_from_db()
    assert (run.started_by, run.labels, run.schedule, str(run.scheduled_at)[:16]) == (
        schedule.owner, {"case": "7"}, schedule, "2026-01-01 06:00",
    )  # fmt: skip
    assert schedule.next_at > run.created_at and not schedule.problem
    STORIES["hello"] = [says("done")]
    advance(run.pk)
    shown = call("get", "/schedules").json()["items"][0]
    assert (shown["last_run"], shown["owner"], shown["input"]) == (str(run.pk), "olga", "hello")


def test_a_paused_schedule_waits_and_what_it_missed_is_past(schedule, call):  # noqa: F811
    paused = call("patch", f"/schedules/{schedule.pk}", {"paused": True})
    assert paused.status_code == 200 and paused.json()["paused"]
    late(schedule)
    fire_due()
    changed = call("patch", f"/schedules/{schedule.pk}", {"paused": False, "cron": "*/5 * * * *", "input": {"a": 1}})
    assert changed.json()["next_at"] > "2026-11" and changed.json()["input"] == {"a": 1}
    fire_due()
    assert not Run.objects.exists()


def test_an_owner_who_left_starts_nothing_and_the_schedule_says_so(schedule, workspace):
    late(schedule)
    Membership.objects.filter(person=schedule.owner).delete()
    fire_due()
    schedule.refresh_from_db()
    assert "olga is no longer" in schedule.problem and str(schedule.next_at) > "2026-11" and not Run.objects.exists()
    assert Event.objects.filter(kind="schedule.failed", object=schedule.pk).count() == 1


@pytest.mark.parametrize(
    ("changes", "status", "sentence"),
    [
        ({"cron": "* * * * * *"}, 422, "five fields"),
        ({"cron": "0 0 31 2 *"}, 422, "never comes"),
        ({"input": "x" * 65_536}, 422, "has 65,536 bytes at most"),
        ({"time_zone": "Mars/Olympus"}, 422, "no time zone"),
        ({"agent": "nobody"}, 404, "no agent"),
        ({"often": True}, 422, ""),
    ],
)
def test_what_makes_no_sense_is_refused(call, agent, changes, status, sentence):  # noqa: F811
    refused = call("post", "/schedules", BODY | changes)
    assert refused.status_code == status and sentence in refused.content.decode() and not Schedule.objects.exists()


def test_a_schedule_of_another_workspace_is_not_there(schedule, call):  # noqa: F811
    from workspaces.models import Workspace

    other = Workspace.objects.found("Other", "other")
    Schedule.objects.filter(pk=schedule.pk).update(workspace=other)
    assert call("patch", f"/schedules/{schedule.pk}", {"paused": True}).status_code == 404
    assert call("get", "/schedules").json()["items"] == []
