"""The sender: one thread of each sweep process, with an event loop of its own, so that no receiver delays a duty."""

import asyncio
import atexit
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from django.db import Error

from agents.runtime import database
from agents.runtime.crash import crashpoint
from reviews.exceptions import SecretUnreadable
from reviews.models.delivery import Delivery
from reviews.webhooks.claiming import claim, settle
from reviews.webhooks.schedule import Answer
from workspaces import outbound
from workspaces.exceptions import OutboundError

AT_ONCE = 128
TIMEOUT_SECONDS = 15.0
LOOK_SECONDS = 1.0
NAME_LOOKUPS = 16  # at once; each holds a thread for as long as the name service takes
END_SECONDS = 5.0  # for attempts under way when the process ends; what takes longer is sent again by another
log = logging.getLogger(__name__)


def send() -> None:
    """See that this process sends, and have it look now; a duty of the sweep."""
    _sender().look()


class Sender:
    """Claims, attempts and answers. The database is asked between two turns of the loop, never inside one."""

    def __init__(self, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self.timeout = timeout
        self.loop = asyncio.new_event_loop()
        self.loop.set_default_executor(ThreadPoolExecutor(NAME_LOOKUPS, thread_name_prefix="webhook-names"))
        self.under_way: dict[asyncio.Task[Answer], Delivery] = {}
        self.news = asyncio.Event()
        self.stopping = threading.Event()
        self.thread: threading.Thread | None = None

    def look(self) -> None:
        """Start the thread, also after it died, or wake it."""
        if self.thread is None or not self.thread.is_alive():
            self.thread = threading.Thread(target=self.run, name="webhooks", daemon=True)
            self.thread.start()
        else:
            self.loop.call_soon_threadsafe(self.news.set)

    def stop(self) -> None:
        """Take nothing new, and give what is under way a moment to end."""
        self.stopping.set()
        if self.thread and self.thread.is_alive():
            self.loop.call_soon_threadsafe(self.news.set)
            self.thread.join(END_SECONDS)

    def run(self) -> None:
        """Send until told to stop."""
        while not self.stopping.is_set() or self.under_way:
            try:
                with database.released_after():
                    self.work()
            except Error:
                log.warning("The database did not answer; webhooks wait a moment.", exc_info=True)
                time.sleep(LOOK_SECONDS)
            self.wait()
        self.loop.close()

    def work(self) -> None:
        """Write down what has ended, and begin what is due."""
        for task in [task for task in self.under_way if task.done()]:
            self._settle(task)
        if not self.stopping.is_set() and len(self.under_way) < AT_ONCE:
            for delivery in claim(AT_ONCE - len(self.under_way)):
                self.under_way[self.loop.create_task(attempt(delivery, self.timeout))] = delivery

    def wait(self) -> None:
        """Let the attempts go on until one ends, there is news, or a second is over."""
        self.loop.run_until_complete(self._wait())

    def _settle(self, task: asyncio.Task[Answer]) -> None:
        """Kept until it is written: an answer must not be lost with the database."""
        delivery = self.under_way[task]
        if (error := task.exception()) is not None:
            log.error("Delivery %s could not be attempted.", delivery.pk, exc_info=error)
        crashpoint("webhook_answered")
        settle(delivery, Answer(error="internal") if error else task.result())
        del self.under_way[task]

    async def _wait(self) -> None:
        news = asyncio.ensure_future(self.news.wait())
        await asyncio.wait([news, *self.under_way], timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        news.cancel()
        self.news.clear()


async def attempt(delivery: Delivery, timeout: float) -> Answer:
    """One attempt: signed with the time of its claim, by the database's clock."""
    try:
        response = await outbound.post(delivery.endpoint.url, headers(delivery), bytes(delivery.body), timeout)
    except SecretUnreadable:
        return Answer(error="secret_unreadable")
    except OutboundError as error:
        return Answer(error=error.reason)
    wish = response.headers.get("retry-after", "")
    return Answer(response.status, "", response.elapsed, response.body, wish)


def headers(delivery: Delivery) -> dict[str, str]:
    """Those of Standard Webhooks; raises SecretUnreadable."""
    assert delivery.attempted_at
    webhook_id, timestamp = str(delivery.pk), int(delivery.attempted_at.timestamp())
    secrets = delivery.endpoint.secrets_at(delivery.attempted_at)
    named = {
        "content-type": "application/json",
        "user-agent": "Countersign",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(one.signature(webhook_id, timestamp, bytes(delivery.body)) for one in secrets),
    }
    return named | ({"countersign-replay": "1"} if delivery.is_replay else {})


@cache
def _sender() -> Sender:
    """One a process; it ends before the connection pools do, which registered earlier."""
    sender = Sender()
    atexit.register(sender.stop)
    return sender
