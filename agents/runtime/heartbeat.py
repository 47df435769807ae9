"""One thread a process renews the leases of all its claims while their calls are under way."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from agents.runtime import database, statements
from agents.runtime.claim import LEASE_SECONDS
from agents.runtime.clock import boot
from agents.runtime.leaving import leaving

if TYPE_CHECKING:
    from agents.runtime.claim import Claim
    from agents.runtime.work import Work

BEAT_SECONDS = 1.5
log = logging.getLogger(__name__)


class Heartbeat:
    """Renews leases, never past the deadline of the call under way, and tells each work what it learned."""

    def __init__(self) -> None:
        self._held: dict[Claim, Work] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def hold(self, claim: "Claim", work: "Work") -> Iterator[None]:
        """Renew this claim until the block ends."""
        with self._lock:
            self._held[claim] = work
            self._start()
        try:
            yield
        finally:
            with self._lock:
                del self._held[claim]

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._beat_forever, name="heartbeat", daemon=True)
            self._thread.start()

    def _beat_forever(self) -> None:
        pause = threading.Event()
        while not pause.wait(BEAT_SECONDS):
            with self._lock:
                held = dict(self._held)
            if leaving.is_asked:
                for work in held.values():
                    work.nudge()
            try:
                with database.released_after():
                    self._beat(held)
            except Exception:  # the outermost loop: without a heartbeat every claim of this process would lapse
                log.warning("The database did not take a heartbeat; leases lapse until it does.", exc_info=True)

    def _beat(self, held: "dict[Claim, Work]") -> None:
        renewing = {claim: work for claim, work in held.items() if work.lease_end > boot()}
        if not renewing:
            return
        alive = database.rows(
            statements.HEARTBEAT,
            runs=[claim.id for claim in renewing],
            epochs=[claim.epoch for claim in renewing],
            seconds=[min(LEASE_SECONDS, work.lease_end - boot()) for work in renewing.values()],
        )
        woken = {(found["id"], found["epoch"]): found["woken"] for found in alive}
        for claim, work in renewing.items():
            if (claim.id, claim.epoch) not in woken:
                work.lose()
            elif woken[claim.id, claim.epoch]:
                work.nudge()


heartbeat = Heartbeat()
