"""The socket of an open page: it is told of changes, misses none, and closes when it should."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings as configured
from django.test import Client

from config.asgi import application
from console.hub import MAX_SOCKETS_OF_A_SESSION, PAGE, hub
from tests.factories import House
from workspaces import events, hints
from workspaces.models import Event, Membership, Workspace

pytestmark = pytest.mark.django_db(transaction=True)

SECONDS = 15
OURS = b"http://127.0.0.1"


@pytest.fixture(params=["with a broker", "without a broker"])
def broker(request: pytest.FixtureRequest, settings: Any) -> str:
    if request.param == "without a broker":
        settings.BROKER_URL = ""
    return str(request.param)


def cookie(client: Client) -> bytes:
    name = configured.SESSION_COOKIE_NAME
    return f"{name}={client.cookies[name].value}".encode() if name in client.cookies else b""


class Page:
    """An open page with its socket."""

    def __init__(self, client: Client, origin: bytes = OURS) -> None:
        headers = [(b"cookie", cookie(client)), (b"origin", origin), (b"host", b"127.0.0.1")]
        scope = {"type": "websocket", "path": "/live", "query_string": b"", "headers": headers, "subprotocols": []}
        self.socket = ApplicationCommunicator(application, scope)

    async def connects(self) -> bool:
        """Whether the socket is accepted."""
        await self.socket.send_input({"type": "websocket.connect"})
        return bool((await self.socket.receive_output(SECONDS))["type"] == "websocket.accept")

    async def leaves(self) -> None:
        await self.socket.send_input({"type": "websocket.disconnect", "code": 1001})
        await self.socket.wait(SECONDS)

    async def says(self, said: Any) -> None:
        text = said if isinstance(said, str) else json.dumps(said)
        await self.socket.send_input({"type": "websocket.receive", "text": text})

    async def hears(self) -> dict[str, Any]:
        """The next message."""
        message = await self.socket.receive_output(SECONDS)
        said: dict[str, Any] = json.loads(message["text"])
        return said

    async def hears_of(self, object_id: UUID) -> dict[str, str]:
        """The hint about this object, whatever comes before it."""
        async with asyncio.timeout(SECONDS):
            while True:
                for hint in (await self.hears()).get("hints", []):
                    if hint["id"] == str(object_id):
                        return dict(hint)

    async def is_closed_with(self) -> int:
        """The code with which the socket is closed, whatever comes before it."""
        async with asyncio.timeout(SECONDS):
            while True:
                message = await self.socket.receive_output(SECONDS)
                if message["type"] == "websocket.close":
                    return int(message.get("code", 1000))


@asynccontextmanager
async def open_page(client: Client, origin: bytes = OURS) -> Any:
    page = Page(client, origin)
    assert await page.connects()
    try:
        yield page
    finally:
        await page.leaves()


def tell(story: Callable[[], Awaitable[None]]) -> None:
    """Run an asynchronous story; afterwards the hub has nothing left to do."""
    async_to_sync(story)()
    assert not hub.sockets and not hub.tasks


def change(workspace: Workspace, object_id: UUID, kind: str = "run.waiting") -> None:
    events.record(workspace.pk, kind.partition(".")[0], kind, object_id)


def test_a_page_is_told_of_a_change(house: House, browse: Callable[[str], Client], broker: str) -> None:
    run, elsewhere, others = uuid4(), uuid4(), Workspace.objects.of(house.sam).get()

    ana = browse("ana")
    sam = browse("sam")

    async def story() -> None:
        async with open_page(ana) as page, open_page(sam) as other:
            await page.says({"after": ""})
            assert (await page.hears())["cursor"]
            await sync_to_async(change)(house.workspace, run)
            assert await page.hears_of(run) == {"topic": "run", "id": str(run), "kind": "run.waiting"}

            await sync_to_async(change)(others, elsewhere)
            assert await other.hears_of(elsewhere)

    tell(story)


def test_a_page_hears_the_model_of_its_own_run(house: House, browse: Callable[[str], Client]) -> None:
    mine, other = str(uuid4()), str(uuid4())
    piece = {"position": "1", "attempt": 1, "offset": 0, "text": "Hello"}
    olga, ana, sam = browse("olga"), browse("ana"), browse("sam")

    def said(run: str) -> None:
        hints.publish_text(json.dumps({"w": house.workspace.pk, "run": run, **piece}))

    async def story() -> None:
        async with open_page(olga) as page, open_page(ana) as of_other, open_page(sam) as stranger:
            for one, run in ((page, mine), (of_other, other), (stranger, mine)):
                await one.says({"after": "", "run": run})
                await one.hears()
            async with asyncio.timeout(SECONDS):
                while not hub.hears_broker:
                    await asyncio.sleep(0.01)
            await sync_to_async(said)(mine)
            await sync_to_async(said)(other)
            for one, run in ((page, mine), (of_other, other)):
                heard = await one.hears()
                while "text" not in heard:
                    heard = await one.hears()
                assert heard["text"] == [{"run": run, **piece}]
            await sync_to_async(change)(house.workspace, uuid4())
            assert await stranger.socket.receive_nothing(timeout=0.3)

    tell(story)


def test_a_page_that_was_away_misses_nothing(house: House, browse: Callable[[str], Client], broker: str) -> None:
    runs = [uuid4() for _ in range(3)]

    ana = browse("ana")

    async def story() -> None:
        async with open_page(ana) as page:
            await page.says({"after": ""})
            cursor = (await page.hears())["cursor"]
        for run in runs:
            await sync_to_async(change)(house.workspace, run)
            await sync_to_async(change)(house.workspace, run, "run.succeeded")
        async with open_page(ana) as page:
            await page.says({"after": cursor})
            heard = await page.hears()
            while "hints" not in heard or not heard["hints"]:
                heard = await page.hears()
            assert {hint["id"] for hint in heard["hints"]} == {str(run) for run in runs}
            assert len(heard["hints"]) == 3  # once each

    tell(story)


def test_a_page_that_missed_too_much_fetches_everything(house: House, browse: Callable[[str], Client]) -> None:
    before = Event.objects.all().head()
    for _ in range(PAGE + 1):
        change(house.workspace, uuid4())

    ana, deadline = browse("ana"), time.monotonic() + SECONDS
    while not (told := ana.get("/live", {"after": before}).json()).get("reload"):
        assert time.monotonic() < deadline, told


@pytest.mark.parametrize("end", ["sign-out", "membership", "locked out"])
def test_a_page_closes_when_its_person_has_no_business_here(
    house: House, browse: Callable[[str], Client], broker: str, end: str
) -> None:
    client = browse("ana")
    ends: dict[str, Callable[[], Any]] = {
        "sign-out": lambda: client.post("/sign-out"),
        "membership": lambda: Membership.objects.get(person=house.ana).end(None),
        "locked out": lambda: house.ana.admit(False, None),
    }

    ben = browse("ben")

    async def story() -> None:
        async with open_page(client) as page, open_page(ben) as other:
            await page.says({"after": ""})
            await page.hears()
            await sync_to_async(ends[end])()
            assert await page.is_closed_with() == 4401
            await other.says({"after": ""})
            assert await other.hears()

    tell(story)


def test_nobody_hears_nothing(house: House) -> None:
    async def story() -> None:
        async with open_page(Client()) as page:
            assert await page.is_closed_with() == 4401

    tell(story)


@pytest.mark.parametrize(
    "said",
    ["", "{", "[]", '{"after": 1}', '{"subscribe": "run"}', json.dumps({"after": "x" * 200}), '{"after": "wrong"}'],
)
def test_what_makes_no_sense_closes_the_page(house: House, browse: Callable[[str], Client], said: str) -> None:
    ana = browse("ana")

    async def story() -> None:
        async with open_page(ana) as page:
            await page.says(said)
            assert await page.is_closed_with() == 4400

    tell(story)


def test_a_page_says_its_place_once(house: House, browse: Callable[[str], Client]) -> None:
    ana = browse("ana")

    async def story() -> None:
        async with open_page(ana) as page:
            await page.says({"after": ""})
            await page.says({"after": ""})
            assert await page.is_closed_with() == 4400

    tell(story)


@pytest.mark.parametrize("origin", [b"http://evil.example", b"http://127.0.0.1:81", b"http://[", b"null", b""])
def test_a_socket_of_another_site_is_refused(house: House, browse: Callable[[str], Client], origin: bytes) -> None:
    ana = browse("ana")

    async def story() -> None:
        assert not await Page(ana, origin).connects()

    tell(story)


def test_one_session_opens_so_many_pages(house: House, browse: Callable[[str], Client]) -> None:
    client = browse("ana")

    async def story() -> None:
        pages = [Page(client) for _ in range(MAX_SOCKETS_OF_A_SESSION + 1)]
        for page in pages:
            assert await page.connects()
        assert await pages[-1].is_closed_with() == 4429
        await asyncio.gather(*(page.leaves() for page in pages))

    tell(story)


def test_without_a_socket_the_same_is_told_over_http(house: House, browse: Callable[[str], Client]) -> None:
    ana, run = browse("ana"), uuid4()
    cursor = ana.get("/live").json()["cursor"]
    change(house.workspace, run)
    deadline = time.monotonic() + SECONDS
    told = ana.get("/live", {"after": cursor}).json()
    while not told["hints"] and time.monotonic() < deadline:  # it is shown once older transactions are over
        told = ana.get("/live", {"after": cursor}).json()

    assert told["hints"] == [{"topic": "run", "id": str(run), "kind": "run.waiting"}]
    assert ana.get("/live", {"after": told["cursor"]}).json()["hints"] == []
    assert browse("sam").get("/live", {"after": cursor}).json()["hints"] == []
    assert ana.get("/live", {"after": "wrong"}).status_code == 422
