"""One hub a web process: it hears of changes, from the broker and from the table, and tells the open pages."""

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

import redis.asyncio
from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.utils.timezone import now

from workspaces import hints
from workspaces.models import Event, Membership, Workspace

log = logging.getLogger(__name__)

TICK_SECONDS = 5.0  # the table is read although hints arrive, and rights are checked again
TICK_SECONDS_WITHOUT_BROKER = 1.0
MERGE_SECONDS = 0.05
SEND_SECONDS = 2.0
PAGE = 500
MAX_SOCKETS_OF_A_SESSION = 20
ENDS = ("session.", "membership.", "person.")  # kinds after which somebody may have to leave

type Hint = dict[str, str]
type Piece = dict[str, Any]


class Socket(Protocol):
    """What the hub knows of an open page."""

    workspace: Workspace
    person_id: int
    session_key: str
    head: str  # where the table ended before it joined
    run: str  # the run whose model it listens to, if any

    async def tell(self, found: list[Hint], cursor: str = "") -> None: ...

    async def tell_text(self, pieces: list[Piece]) -> None: ...

    async def dismiss(self) -> None: ...


class Hub:
    """The sockets of this process, and the tasks that feed them while there are any."""

    def __init__(self) -> None:
        self.sockets: set[Socket] = set()
        self.cursors: dict[int, str] = {}
        self.tasks: list[asyncio.Task[None]] = []

    def join(self, socket: Socket) -> bool:
        """Tell this socket from now on; False where its session has too many."""
        if sum(other.session_key == socket.session_key for other in self.sockets) >= MAX_SOCKETS_OF_A_SESSION:
            return False
        self.sockets.add(socket)
        self.cursors.setdefault(socket.workspace.pk, socket.head)
        if not self.tasks or any(task.done() for task in self.tasks):
            self._begin()
        return True

    def leave(self, socket: Socket) -> None:
        """Forget the socket; with the last one the tasks end."""
        self.sockets.discard(socket)
        if not self.sockets:
            self._end()
            self.cursors.clear()

    def _end(self) -> None:
        for task in self.tasks:
            task.cancel()
        self.tasks = []

    def _begin(self) -> None:
        self._end()
        self.heard: dict[int, dict[tuple[str, str], Hint]] = defaultdict(dict)
        self.said: dict[tuple[int, str], list[Piece]] = defaultdict(list)
        self.hears_broker = False
        self.look, self.news = asyncio.Event(), asyncio.Event()
        work: list[Coroutine[Any, Any, None]] = [self._follow_table()]
        work += [self._follow_broker(), self._pass_on()] if settings.BROKER_URL else []
        self.tasks = [asyncio.create_task(one) for one in work]

    # --- the broker: at once, but a message may be lost ---

    async def _follow_broker(self) -> None:
        while True:
            with suppress(redis.RedisError, OSError):
                await self._listen()
            self.hears_broker = False
            await asyncio.sleep(TICK_SECONDS_WITHOUT_BROKER)

    async def _listen(self) -> None:
        client = redis.asyncio.from_url(hints.redis_url(settings.BROKER_URL), socket_timeout=None)
        async with client, client.pubsub(ignore_subscribe_messages=True) as channel:
            await channel.subscribe(hints.CHANNEL, hints.TEXT_CHANNEL)
            self.hears_broker = True
            async for message in channel.listen():
                is_text = message["channel"] == hints.TEXT_CHANNEL.encode()
                (self._listen_to if is_text else self._hear)(json.loads(message["data"]))

    def _hear(self, said: dict[str, Any]) -> None:
        if said["k"].startswith(ENDS):
            self.look.set()
        self.heard[said["w"]][said["t"], said["id"]] = {"topic": said["t"], "id": said["id"], "kind": said["k"]}
        self.news.set()

    def _listen_to(self, piece: dict[str, Any]) -> None:
        """A piece of what a model says, where a page has this run open."""
        of = piece.pop("w"), piece["run"]
        if any((socket.workspace.pk, socket.run) == of for socket in self.sockets):
            self.said[of].append(piece)
            self.news.set()

    async def _pass_on(self) -> None:
        """At once; what is heard in the moment after goes together, so that a burst is two messages to each page."""
        while True:
            await self.news.wait()
            heard, self.heard = self.heard, defaultdict(dict)
            said, self.said = self.said, defaultdict(list)
            self.news.clear()
            for of, pieces in said.items():
                await self._tell_text(of, pieces)
            for workspace_id, found in heard.items():
                await self._tell(workspace_id, list(found.values()))
            await asyncio.sleep(MERGE_SECONDS)

    # --- the table: what no message can lose ---

    async def _follow_table(self) -> None:
        while True:
            try:
                await self._dismiss_strangers()
                await self._catch_up()
            except DatabaseError as error:
                log.warning("Open pages are not told of changes at the moment: %s", error)
            self.look.clear()
            with suppress(TimeoutError):
                tick = TICK_SECONDS if self.hears_broker else TICK_SECONDS_WITHOUT_BROKER
                await asyncio.wait_for(self.look.wait(), tick)

    async def _catch_up(self) -> None:
        workspaces = {socket.workspace.pk: socket.workspace for socket in self.sockets}
        self.cursors = {key: cursor for key, cursor in self.cursors.items() if key in workspaces}
        for workspace in workspaces.values():
            found, cursor = await database_sync_to_async(since)(self.cursors[workspace.pk], workspace)
            self.cursors[workspace.pk] = cursor
            await self._tell(workspace.pk, found, cursor)

    async def _dismiss_strangers(self) -> None:
        for socket in await database_sync_to_async(strangers)(list(self.sockets)):
            await self._send(socket, socket.dismiss)

    async def _tell(self, workspace_id: int, found: list[Hint], cursor: str = "") -> None:
        own = [socket for socket in self.sockets if socket.workspace.pk == workspace_id]
        await asyncio.gather(*(self._send(socket, partial(socket.tell, found, cursor)) for socket in own))

    async def _tell_text(self, of: tuple[int, str], pieces: list[Piece]) -> None:
        own = [socket for socket in self.sockets if (socket.workspace.pk, socket.run) == of]
        await asyncio.gather(*(self._send(socket, partial(socket.tell_text, pieces)) for socket in own))

    async def _send(self, socket: Socket, send: Callable[[], Awaitable[None]]) -> None:
        """A page that does not take its messages is let go, so that it holds nobody up; it comes back by itself."""
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await send()
        except (TimeoutError, OSError, RuntimeError) as error:
            log.info("An open page is let go: %s", error)
            self.leave(socket)


def since(cursor: str, workspace: Workspace) -> tuple[list[Hint], str]:
    """What changed after the cursor, each thing once, and the cursor behind it; without one, where the table ends."""
    if not cursor:
        return [], Event.objects.all().head()
    found: dict[tuple[str, str], Hint] = {}
    while len(found) < PAGE:
        events, cursor = Event.objects.after(cursor, workspace, limit=PAGE)
        found |= {(event.topic, str(event.object)): hint(event) for event in events}
        if len(events) < PAGE:
            break
    return list(found.values()), cursor


def hint(event: Event) -> Hint:
    """An event as pages hear of it: look there."""
    return {"topic": event.topic, "id": str(event.object or ""), "kind": event.kind}


def strangers(sockets: Iterable[Socket]) -> list[Socket]:
    """Those whose session has ended, or whose person is no member any more."""
    asked = list(sockets)
    sessions = Session.objects.filter(session_key__in={one.session_key for one in asked}, expire_date__gt=now())
    members = Membership.objects.filter(
        person__in={one.person_id for one in asked}, person__is_active=True, roles__len__gt=0
    )
    keys = set(sessions.values_list("session_key", flat=True))
    pairs = set(members.values_list("person_id", "workspace_id"))
    return [one for one in asked if one.session_key not in keys or (one.person_id, one.workspace.pk) not in pairs]


hub = Hub()
