"""The one WebSocket of a page: it carries hints, and the page then fetches what changed."""

import json
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from console.hub import PAGE, Hint, Piece, hub, since
from console.pages import MemberRequest, chosen, members_only
from workspaces.exceptions import CountersignError, Unprocessable
from workspaces.models import Event, Workspace
from workspaces.principal import Principal

SIGNED_OUT = 4401
NOT_UNDERSTOOD = 4400
TOO_MANY = 4429
MAX_CURSOR = 100


class Live(AsyncWebsocketConsumer):  # type: ignore[misc]
    """A page that is open: it says once where it stands, and is told from there on."""

    workspace: Workspace
    person_id: int
    session_key: str
    head: str
    run = ""

    async def connect(self) -> None:
        """Accept first: a close code reaches the page only through an open socket."""
        await self.accept()
        self.may_ask = False
        if not await self._recognise():
            await self.close(SIGNED_OUT)
        elif not hub.join(self):
            await self.close(TOO_MANY)
        else:
            self.may_ask = True

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """The cursor of the page, once, and the run that it shows."""
        cursor, run = asked_for(text_data)
        try:
            if cursor is None or not self.may_ask:
                raise Unprocessable("A page says where it stands, once.")
            self.may_ask, self.run = False, run  # what is not of its workspace is never said to it
            found, after = await database_sync_to_async(since)(cursor, self.workspace)
        except Unprocessable:
            await self.close(NOT_UNDERSTOOD)
        else:
            await self.send(answer(found, after))

    async def tell(self, hints: list[Hint], cursor: str = "") -> None:
        """Pass hints on."""
        await self.send(answer(hints, cursor))

    async def tell_text(self, pieces: list[Piece]) -> None:
        """Pass on what the model of the open run says."""
        await self.send(json.dumps({"text": pieces}))

    async def dismiss(self) -> None:
        """The session has ended, or the person is no member any more."""
        await self.close(SIGNED_OUT)

    async def disconnect(self, code: int) -> None:
        """The page is gone."""
        hub.leave(self)

    @database_sync_to_async
    def _recognise(self) -> bool:
        person, session = self.scope.get("user"), self.scope.get("session")
        if person is None or not person.is_authenticated or session is None or not session.session_key:
            return False
        self.person_id, self.session_key = person.pk, session.session_key
        try:
            self.workspace = member_of(person, session)
            self.head = Event.objects.all().head()
        except CountersignError:
            return False
        return True


def member_of(person: Any, session: Any) -> Workspace:
    """The workspace that this session shows."""
    workspace = chosen(list(Workspace.objects.of(person)), session)
    Principal.of_session(person, workspace).require("view")
    return workspace


def asked_for(text: str | None) -> tuple[str | None, str]:
    """Cursor and run in {"after": …, "run": …}; no cursor if this is something else."""
    try:
        said = json.loads(text or "")
    except ValueError:
        return None, ""
    cursor, run = (said.get("after"), said.get("run", "")) if isinstance(said, dict) else (None, "")
    is_plain = isinstance(cursor, str) and isinstance(run, str) and len(cursor) <= MAX_CURSOR
    return (cursor, run) if is_plain else (None, "")


def answer(found: list[Hint], cursor: str) -> str:
    """Hints as a page hears them; too many at once mean that it should fetch everything."""
    said: dict[str, Any] = {"reload": True} if len(found) >= PAGE else {"hints": found}
    return json.dumps(said | ({"cursor": cursor} if cursor else {}))


@members_only
@require_safe
def catch_up(request: MemberRequest) -> HttpResponse:
    """The same over plain HTTP, for pages whose socket does not come about."""
    workspace = request.principal.workspace
    found, cursor = since(request.GET.get("after", ""), workspace)
    return HttpResponse(answer(found, cursor), content_type="application/json")
