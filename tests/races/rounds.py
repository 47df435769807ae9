"""Rounds of a race: two actions, each in a thread with a connection of its own, released at the same moment."""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

from workspaces.exceptions import CountersignError

ROUNDS = int(os.environ.get("RACE_ROUNDS", "15"))

type Action = Callable[[], Any]


def race(*actions: Action, head_start: float = 0) -> list[Any]:
    """What each action came to; that it was refused is a result, anything else is raised here.

    All are released at once, and the first gets a head start of so many milliseconds, so that a longer one may win too.
    """
    barrier = threading.Barrier(len(actions))

    def run(action: Action) -> Any:
        connection.ensure_connection()
        try:
            barrier.wait(timeout=30)
            time.sleep(0 if action is actions[0] else head_start / 1000)
            return action()
        except CountersignError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as threads:
        return [future.result() for future in [threads.submit(run, action) for action in actions]]
