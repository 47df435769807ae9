"""The console on a seeded database: somebody signed in, plain requests with a stopwatch, and sockets that listen."""

import asyncio
import http.client
import json
import os
import time
from contextlib import closing, suppress
from io import StringIO
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.people import acting
from workspaces.models import Person, Workspace

NUMBERS = {name: int(os.environ.get(f"BENCH_{name.upper()}", most)) for name, most in
           {"open": 10_000, "decided": 1_000_000, "runs": 100_000}.items()}  # fmt: skip

KEY = "a key for tests"  # what the processes of a product sign sessions with


class Visitor:
    """One person before the web process, without a browser."""

    def __init__(self, url, person):
        self.client = Client()
        with override_settings(SECRET_KEY=KEY):
            self.client.force_login(person)
        self.host = urlsplit(url).netloc
        self.cookie = f"{settings.SESSION_COOKIE_NAME}={self.client.cookies[settings.SESSION_COOKIE_NAME].value}"

    def gets(self, path, **headers):
        """Milliseconds until the whole answer was there."""
        with closing(http.client.HTTPConnection(self.host, timeout=90)) as server:
            began = time.perf_counter()
            server.request("GET", path, headers={"Cookie": self.cookie, **headers})
            answer = server.getresponse()
            answer.read()
            assert answer.status == 200, (path, answer.status)
            return 1000 * (time.perf_counter() - began)

    def queries(self, path):
        """How many queries the page takes, asked in this process."""
        with override_settings(SECRET_KEY=KEY), CaptureQueriesContext(connection) as captured:
            assert self.client.get(path).status_code == 200
        return len(captured)

    def listen(self):
        """A socket of an open page, which hears from now on."""
        headers = {"Cookie": self.cookie, "Origin": f"http://{self.host}"}
        return connect(f"ws://{self.host}/live", additional_headers=headers)


class Listener:
    """What an open page hears, with the time at which it did; it comes back where its socket is cut."""

    def __init__(self, visitor):
        self.visitor, self.heard, self.cursor, self.socket = visitor, {}, "", None

    async def stay(self, ready):
        while True:
            with suppress(OSError, ConnectionClosed):
                async with self.visitor.listen() as self.socket:
                    await self.socket.send(json.dumps({"after": self.cursor}))
                    async for message in self.socket:
                        self._hear(json.loads(message), time.perf_counter())
                        ready.add(self)
            await asyncio.sleep(0.2)

    def _hear(self, said, moment):
        self.cursor = said.get("cursor", self.cursor)
        for hint in said.get("hints", []):
            self.heard.setdefault(hint["id"], moment)


def seeded():
    """The seeded workspace of this database, and its people by login name."""
    call_command("seed", **NUMBERS, workspace="seeded", stdout=StringIO(), stderr=StringIO())
    workspace = Workspace.objects.get(slug="seeded")
    people = Person.objects.filter(memberships__workspace=workspace)
    return {person.username.partition(".")[0]: acting(person, workspace) for person in people}
