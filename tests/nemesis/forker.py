"""An engineer who lets runs of any age and state go another way from one of their steps, in all three modes."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from tests.nemesis.clients import Client
from tests.nemesis.history import Caller

MODES = ("live", "live", "simulated", "recorded")


class Forker(Client):
    """Forks runs and forks of runs; says to each what it may wait for."""

    def __init__(self, caller: Caller, seed: str, pause: float, is_crowded: Callable[[], bool]):
        super().__init__(caller, seed, pause)
        self.is_crowded = is_crowded

    def work(self) -> None:
        found = None if self.is_crowded() else self.caller.look("/runs", limit=30)
        begun = [run for run in found["items"] if run["seq"]] if found else []
        if begun:
            self.fork(self.random.choice(begun))

    def fork(self, run: dict[str, Any]) -> None:
        key, path = uuid4().hex, f"/runs/{run['id']}/forks"
        body = {"seq": self.random.randint(1, run["seq"]), "mode": self.random.choice(MODES)}
        if self.chance(0.3):
            body["state"] = {"ends": ["before the fork"]}
        forked = self.until_answered(lambda: self.caller.ask("fork", "POST", path, key=key, json=body))
        if forked.is_acknowledged and run["input"]["plan"]["hear"]:
            self.say(forked.answer["id"])

    def say(self, run: str) -> None:
        key, path = uuid4().hex, f"/runs/{run}/messages"
        self.until_answered(lambda: self.caller.ask("say", "POST", path, key=key, json={"content": f"hello {key}"}))
