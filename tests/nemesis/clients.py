"""People and programs that use the product while it is being broken: they start, decide, say, cancel, stop, change."""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

from tests.nemesis import outside
from tests.nemesis.history import Caller, Operation
from tests.nemesis.plans import Plans, Taste


class Client(threading.Thread):
    """A thread that does one thing after another until it is told to stop; `work` is one thing."""

    def __init__(self, caller: Caller, seed: str, pause: float):
        super().__init__(name=f"{type(self).__name__} {caller.who}")
        self.caller, self.random, self.pause = caller, random.Random(f"{seed} {self.name}"), pause
        self.stopping = threading.Event()
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.stopping.wait(self.random.uniform(0, 2 * self.pause)):
                self.work()
        except BaseException as error:  # noqa: BLE001  # a client that breaks is a finding, told by the battle
            self.error = error

    def work(self) -> None:
        raise NotImplementedError

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def until_answered(self, ask: Callable[[], Operation], seconds: float = 60) -> Operation:
        """Ask again under the same key until somebody answers: what a careful program does."""
        deadline = time.monotonic() + seconds
        while (operation := ask()).is_unknown and time.monotonic() < deadline:
            time.sleep(0.2)
        return operation


class Starter(Client):
    """Starts runs, often twice at once under one key; sends the message that a run waits for."""

    def __init__(self, caller: Caller, seed: str, pause: float, taste: Taste, is_crowded: Callable[[], bool]):
        super().__init__(caller, seed, pause)
        self.plans, self.is_crowded = Plans(self.random, taste), is_crowded
        self.pool = ThreadPoolExecutor(2)

    def work(self) -> None:
        if self.is_crowded():
            return
        key = uuid4().hex
        agent = self.random.choices(["walker", "spender", "asker", "payer"], [8, 1, 1, 1])[0]
        self.begin(key, {"agent": agent, "input": self.plans.input(key), "labels": {"key": key}})

    def begin(self, key: str, body: dict[str, Any]) -> None:
        def ask() -> Operation:
            return self.caller.ask("start", "POST", "/runs", key=key, json=body)

        twins = self.pool.map(self.until_answered, [ask] * (2 if self.chance(0.4) else 1))
        answered, *_ = twins
        if not answered.is_acknowledged:
            return
        if self.chance(0.1):
            self.caller.ask("start altered", "POST", "/runs", key=key, json=body | {"labels": {"key": "altered"}})
        if body["input"]["plan"]["hear"]:
            self.say(answered.answer["id"])

    def say(self, run: str) -> None:
        key, path = uuid4().hex, f"/runs/{run}/messages"
        self.until_answered(lambda: self.caller.ask("say", "POST", path, key=key, json={"content": f"hello {key}"}))


class Talker(Client):
    """Gives inputs to a few threads, one after the other and before the last is done, in all four ways."""

    def __init__(self, caller: Caller, seed: str, pause: float, taste: Taste, is_crowded: Callable[[], bool]):
        super().__init__(caller, seed, pause)
        self.plans, self.threads, self.is_crowded = Plans(self.random, taste), [], is_crowded

    def work(self) -> None:
        if self.is_crowded():
            return None
        if len(self.threads) < 4 or self.chance(0.05):
            return self.open_thread()
        key, thread = uuid4().hex, self.random.choice(self.threads[-4:])
        on_busy = self.random.choice(["enqueue", "enqueue", "reject", "interrupt", "rollback"])
        start = {"agent": "walker", "input": self.plans.input(key, hear=False, below=None), "labels": {"key": key}}
        body = start | {"thread": thread, "on_busy": on_busy}
        self.until_answered(lambda: self.caller.ask("start", "POST", "/runs", key=key, json=body))

    def open_thread(self) -> None:
        opened = self.caller.ask("thread", "POST", "/threads", key=uuid4().hex, json={"title": "talk"})
        if opened.is_acknowledged:
            self.threads.append(opened.answer["id"])


class Calendar(Client):
    """Keeps schedules, and moves the hands of the clock forward to the next time of one."""

    def __init__(
        self,
        caller: Caller,
        seed: str,
        pause: float,
        taste: Taste,
        is_crowded: Callable[[], bool],
        ripen: Callable[[str], None],
    ):
        super().__init__(caller, seed, pause)
        self.is_crowded = is_crowded
        self.plans, self.ripen, self.schedules = Plans(self.random, taste), ripen, []

    def work(self) -> None:
        if len(self.schedules) < 3:
            return self.keep()
        if self.is_crowded():
            return None
        return self.ripen(self.random.choice(self.schedules))

    def keep(self) -> None:
        key = f"schedule-{uuid4().hex}"
        told = {"input": self.plans.input(key, hear=False, ask=False, below=None), "labels": {"key": key}}
        body = told | {"agent": "walker", "cron": "*/20 * * * *"}
        kept = self.until_answered(lambda: self.caller.ask("schedule", "POST", "/schedules", key=key, json=body))
        if kept.is_acknowledged:
            self.schedules.append(kept.answer["id"])


class Approver(Client):
    """Decides what waits: approves, edits first, rejects, answers, repeats itself, comes with a digest of yesterday."""

    def __init__(self, caller: Caller, seed: str, pause: float, in_browser: Callable[..., None]):
        super().__init__(caller, seed, pause)
        self.in_browser = in_browser
        self.calm = False

    def work(self) -> None:
        waiting = self.caller.look("/approvals", status="pending", limit=50)
        items = waiting["items"] if waiting else []
        for approval in self.random.sample(items, min(len(items), 8)):
            self.decide(approval)

    def decide(self, approval: dict[str, Any]) -> None:
        if "api" not in approval["channels"]:
            self.in_browser(approval, self.answer_to(approval))
        elif approval["subject_kind"] == "tool_call":
            self.judge(approval)
        else:
            self.say(approval, **self.answer_to(approval))

    def answer_to(self, approval: dict[str, Any]) -> dict[str, Any]:
        """To a question anything; about a doubt only what the world outside says."""
        if approval["subject_kind"] == "question":
            return {"kind": "respond", "text": "go on"}
        if approval["subject_kind"] == "tool_call":  # a write of a fork, or one that is done again
            return {"kind": "approve"} if self.chance(0.8) else {"kind": "reject", "reason": "once is enough"}
        if approval["subject_kind"] == "budget":
            return {"kind": "approve"} if self.chance(0.7) else {"kind": "reject", "reason": "enough was spent"}
        if outside.by_key("pay").get(approval["tool_call"]) or approval["tool_call"] in outside.puts():
            return {"kind": "happened", "reason": "seen outside", "result": "it is there"}
        kind = "did_not_happen" if self.calm else self.random.choice(["did_not_happen", "retry"])
        return {"kind": kind, "reason": "looked outside, it is not there"}

    def judge(self, approval: dict[str, Any]) -> None:
        choice = self.random.random()
        if choice < 0.08 and not self.calm:
            self.edit(approval)
        elif choice < 0.16:
            self.say(approval, kind="reject", reason="no")
        elif choice < 0.20:
            self.say(approval, kind="respond", text="consider it done")
        elif choice < 0.25 and not self.calm:
            self.say(approval | {"digest": "0" * 64}, kind="approve")
        else:
            self.say(approval, kind="approve")
            if self.chance(0.15):
                self.say(approval, kind="approve")

    def edit(self, approval: dict[str, Any]) -> None:
        shown = self.caller.look(f"/approvals/{approval['id']}")
        if shown and shown["tool"] == "nemesis_pay" and shown["edit_allowed"]:
            self.say(shown, kind="edit", args=shown["arguments"] | {"amount": self.random.randint(100, 199)})

    def say(self, approval: dict[str, Any], **decision: Any) -> None:
        path = f"/approvals/{approval['id']}/decisions"
        body = decision | {"digest": approval["digest"]}
        self.caller.ask("decide", "POST", path, key=uuid4().hex if self.chance(0.3) else "", json=body)


class Meddler(Client):
    """Cancels and pauses runs, and throws the stop switch for a moment."""

    def __init__(self, caller: Caller, seed: str, pause: float, ways: tuple[str, ...]):
        super().__init__(caller, seed, pause)
        self.ways = ways

    def work(self) -> None:
        getattr(self, self.random.choice(self.ways))()

    def cancel(self) -> None:
        if run := self.some_run():
            self.caller.ask("cancel", "POST", f"/runs/{run}/cancellation", json={"reason": "changed my mind"})

    def hold(self) -> None:
        """Pause a run, look at it for a moment, and let it go on; a pause without an answer may stand as well."""
        if run := self.some_run():
            self.caller.ask("pause", "POST", f"/runs/{run}/pause", json={"reason": "wait a moment"})
            time.sleep(self.random.uniform(0.2, 2.0))
            self.until_answered(lambda: self.caller.ask("let go", "POST", f"/runs/{run}/resumption"))

    def some_run(self) -> str | None:
        found = self.caller.look("/runs", status=self.random.choice(["waiting", "running", "running"]), limit=30)
        return self.random.choice(found["items"])["id"] if found and found["items"] else None

    def stop(self) -> None:
        scope = self.random.choice(["workspace", "agent:walker", "tool:nemesis_pay", "tool:nemesis_put"])
        self.caller.ask("stop", "POST", "/stop", json={"scope": scope, "reason": "look at this"})
        time.sleep(self.random.uniform(0.3, 1.5))
        self.resume(scope)

    def resume(self, scope: str) -> None:
        """A stop whose answer never came may stand: it is lifted all the same."""
        self.until_answered(lambda: self.caller.ask("resume", "DELETE", "/stop", params={"scope": scope}))


class Ruler(Client):
    """Publishes another policy now and then."""

    def __init__(self, caller: Caller, seed: str, pause: float, publish: Callable[[str], None]):
        super().__init__(caller, seed, pause)
        self.publish = publish

    def work(self) -> None:
        self.publish(self.random.choice(["one seat", "two seats", "strict", "undo", "hasty"]))
