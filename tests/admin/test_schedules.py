"""Schedules on the admin site."""

from agents.models import Schedule
from tests.admin.pages import page, text


def test_an_engineer_keeps_a_schedule(house, visit):
    client = visit(house.root)
    form = {
        "agent": house.agent.pk,
        "input": "Good\r\nmorning",
        "labels": "{}",
        "cron": "0 7 * * *",
        "time_zone": "UTC",
    }
    refused = client.post(page(Schedule, "add"), form | {"time_zone": "Mars/Olympus"}, follow=True)
    assert "no time zone" in text(refused) and not Schedule.objects.exists()

    client.post(page(Schedule, "add"), form, follow=True)
    schedule = Schedule.objects.get()
    assert (schedule.input, schedule.owner, schedule.workspace) == ('"Good\\nmorning"', house.root, house.workspace)
    assert "Good\nmorning</textarea>" in client.get(page(schedule)).content.decode()

    client.post(page(schedule), form | {"input": '{"a": 1}', "paused": "on"}, follow=True)
    schedule.refresh_from_db()
    assert schedule.paused and schedule.input == '{"a": 1}'
