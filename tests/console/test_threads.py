"""Threads: a conversation of several runs."""

from collections.abc import Callable

from django.test import Client
from pytest_django import DjangoAssertNumQueries

from agents.models import Run, Thread
from agents.runtime.text import dumps
from tests.factories import House, make_agent, make_run
from workspaces.models import Membership


def test_a_thread_is_opened_and_goes_on(
    house: House, browse: Callable[[str], Client], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    olga = browse("olga")
    assert b"No threads yet" in olga.get("/threads").content
    opened = olga.post("/threads", {"agent": "desk", "input": "My <b>mug</b>\r\nis broken"})
    thread = Thread.objects.get()
    assert opened["Location"] == f"/threads/{thread.pk}" and thread.title == "My <b>mug</b>"
    first = Run.objects.get()
    assert first.input == '"My <b>mug</b>\\nis broken"' and first.status == "queued"

    olga.post(f"/threads/{thread.pk}/runs", {"agent": "desk", "input": "Hello?"})
    refused = olga.post(f"/threads/{thread.pk}/runs", {"agent": "desk", "input": "Hm", "on_busy": "reject"})
    assert refused.status_code == 409
    assert thread.runs.exclude(awaiting="").count() == 1
    with django_assert_max_num_queries(14):
        page = olga.get(f"/threads/{thread.pk}").content.decode()
    assert "My &lt;b&gt;mug&lt;/b&gt;" in page and "waits for its turn" in page
    with django_assert_max_num_queries(14):
        listed = olga.get("/threads").content.decode()
    assert "2 runs, last by desk" in listed and f"/threads/{thread.pk}" in listed


def test_a_thread_shows_what_was_said_up_to_its_last_success(house: House, browse: Callable[[str], Client]) -> None:
    thread = Thread.objects.create(workspace=house.workspace, title="Mugs")
    said = dumps([{"role": "user", "content": "Hello <i>"}, {"role": "assistant", "content": "Good day"}])
    make_run(house.agent, house.olga, thread=thread, status="succeeded", history=said)
    page = browse("olga").get(f"/threads/{thread.pk}").content.decode()

    assert "Hello &lt;i&gt;" in page and "Good day" in page


def test_what_a_thread_does_not_take_is_refused(house: House, browse: Callable[[str], Client]) -> None:
    make_agent(house.workspace, "talker", flow="chat")
    olga, thread = browse("olga"), Thread.objects.create(workspace=house.workspace)
    for path in ("/threads", f"/threads/{thread.pk}/runs"):
        empty = olga.post(path, {"agent": "desk", "input": "  "})
        assert empty.status_code == 422 and b"This field is required." in empty.content
        assert olga.post(path, {"agent": "nobody", "input": "x"}).status_code == 404
        chat = olga.post(path, {"agent": "talker", "input": "x"})
        assert chat.status_code == 422 and b"send messages to that run" in chat.content
    wrong = olga.post(f"/threads/{thread.pk}/runs", {"agent": "desk", "input": "kept words", "on_busy": "shout"})
    assert wrong.status_code == 422 and b"kept words" in wrong.content
    Membership.objects.get(person=house.olga).change(roles=["viewer"], groups=[], by=None)
    assert olga.post("/threads", {"agent": "desk", "input": "x"}).status_code == 403
    assert b"Open a thread" not in olga.get("/threads").content
    assert Thread.objects.count() == 1 and not Run.objects.exists()
