"""Schedules: when agents start by themselves, and how that went."""

from collections.abc import Callable
from uuid import uuid4

from django.test import Client
from pytest_django import DjangoAssertNumQueries

from agents.models import Run, Schedule
from agents.scheduling import keep_schedule
from tests.factories import House, make_run
from workspaces.models import AuditEntry, Membership


def test_a_schedule_tells_its_times_and_is_paused_and_resumed(
    house: House, browse: Callable[[str], Client], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    olga = browse("olga")
    assert b"No schedules yet" in olga.get("/schedules").content
    schedule = Schedule(agent=house.agent, input='"Count <b>all</b>"', cron="0 7 29 2 *", time_zone="Europe/Berlin")
    keep_schedule(schedule, house.by("root"))
    for day in range(7):
        at = schedule.next_at.replace(day=1 + day) if schedule.next_at else None
        make_run(house.agent, house.root, status="failed", schedule=schedule, scheduled_at=at)
    for n in range(5):
        keep_schedule(Schedule(agent=house.agent, input='"x"', cron=f"{n} * * * *"), house.by("root"))
    with django_assert_max_num_queries(10):
        page = olga.get("/schedules").content.decode()

    assert "Count &lt;b&gt;all&lt;/b&gt;" in page and "in the name of Root" in page
    assert [page.count(f'datetime="{year}-02-29T06:00:00') for year in (2028, 2032, 2036)] == [1, 1, 1]
    assert page.count("Failed</span>") == 5 and "Every hour, at minute 3" in page
    started = olga.post(f"/schedules/{schedule.pk}/runs")
    run = Run.objects.get(pk=started["Location"].removeprefix("/runs/"))
    assert (run.started_by, run.input, run.schedule) == (house.olga, '"Count <b>all</b>"', None)
    assert olga.post(f"/schedules/{schedule.pk}/pause").status_code == 302
    schedule.refresh_from_db()
    assert schedule.paused and schedule.owner == house.olga
    assert "Paused" in olga.get("/schedules").content.decode()
    assert olga.post(f"/schedules/{schedule.pk}/resumption").status_code == 302
    assert AuditEntry.objects.filter(kind="schedule.kept", object=str(schedule.pk)).count() == 3
    Membership.objects.get(person=house.olga).change(roles=["viewer"], groups=[], by=None)
    assert olga.post(f"/schedules/{schedule.pk}/pause").status_code == 403
    assert olga.post(f"/schedules/{schedule.pk}/runs").status_code == 403
    assert b"Pause" not in olga.get("/schedules").content


def test_a_schedule_is_made_and_changed_with_each_mistake_beside_its_field(
    house: House, browse: Callable[[str], Client]
) -> None:
    olga, typed = browse("olga"), {"agent": "desk", "input": "Count\r\nall", "cron": "0 7 * * 1-5", "time_zone": "UTC"}
    assert 'href="/schedules/new"' in olga.get("/schedules").content.decode()
    for wrong, said in {
        ("cron", "0 7 * *"): "has five fields",
        ("cron", "* * * * * *"): "has five fields",
        ("cron", "0 0 30 2 *"): "names a day that never comes",
        ("time_zone", "Mars/Olympus"): "is no time zone of the IANA database",
        ("input", "\u0000"): "Null characters are not allowed",
        ("input", '{"a": 1e999}'): "",
        ("agent", "unknown"): "Select a valid choice",
    }.items():
        answer = olga.post("/schedules/new", typed | dict([wrong]))
        assert answer.status_code == 422 and said in answer.content.decode(), wrong
        assert "7 * * 1-5" in answer.content.decode() or wrong[0] == "cron"
    assert not Schedule.objects.exists()

    assert olga.post("/schedules/new", typed)["Location"] == "/schedules"
    made = Schedule.objects.get()
    assert (made.agent, made.input, made.owner, made.next_at is None) == (
        house.agent,
        '"Count\\nall"',
        house.olga,
        False,
    )
    Schedule.objects.update(paused=True, labels={"env": "live"})
    page = browse("root").get(f"/schedules/{made.pk}").content.decode()
    assert "So far in the name of Olga" in page and "Count\nall" in page and 'name="agent"' not in page
    browse("root").post(f"/schedules/{made.pk}", typed | {"input": '{"all": true}', "time_zone": "Europe/Berlin"})
    made.refresh_from_db()
    assert (made.input, made.time_zone, made.paused, made.labels) == (
        '{"all": true}',
        "Europe/Berlin",
        True,
        {"env": "live"},
    )
    assert made.owner == house.root
    assert browse("sam").get(f"/schedules/{made.pk}").content == browse("sam").get(f"/schedules/{uuid4()}").content
    assert browse("ana").get("/schedules/new").status_code == 200
    Membership.objects.get(person=house.ana).change(roles=["viewer"], groups=[], by=None)
    assert browse("ana").post("/schedules/new", typed).status_code == 403
