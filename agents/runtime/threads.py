"""Threads in which models are called and reads run: daemons, so that one that hangs holds up nothing but itself."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any


class Threads:
    """As many threads as there is work at a time; unlike an executor's, a hung one takes no place and may be left."""

    def __init__(self, name: str):
        self.name = name
        self._waiting: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = queue.SimpleQueue()
        self._idle: queue.SimpleQueue[None] = queue.SimpleQueue()

    def submit(self, perform: Callable[[], Any]) -> Future[Any]:
        """Have `perform` called by a thread at once."""
        future: Future[Any] = Future()
        self._waiting.put((future, perform))
        try:
            self._idle.get_nowait()
        except queue.Empty:
            threading.Thread(target=self._work, name=self.name, daemon=True).start()
        return future

    def _work(self) -> None:
        while True:
            future, perform = self._waiting.get()
            try:
                future.set_result(perform())
            except BaseException as error:  # noqa: BLE001  # whoever waits for the future deals with it
                future.set_exception(error)
            del future, perform
            self._idle.put(None)
