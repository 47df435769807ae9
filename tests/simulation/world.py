"""The whole of it: a database, a virtual clock, workers, doorbells that get lost, people, and the world outside."""

import queue
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django.db import connection

from agents.models import Run
from agents.runtime import advance as advancing
from agents.runtime import claim, database, performing, work
from agents.runtime.sweep import Sweep
from agents.runtime.text import dumps, loads
from reviews.expiry import expire
from reviews.models import ApprovalRequest
from tests.nemesis import outside, witness
from tests.nemesis.checker import Checker
from tests.nemesis.evidence import Violation
from tests.nemesis.history import History
from tests.nemesis.house import POLICIES, QUESTION, House
from tests.nemesis.reader import HALVES, worded
from tests.simulation.clock import VirtualClock
from tests.simulation.processes import Always, Beats, Effects, Mailbox, Worker, stand
from workspaces import hints
from workspaces.exceptions import CountersignError

WORKERS = 3


class Doorbells(list):
    """Messages that were sent and not yet delivered; `is_cut` loses all that are sent."""

    is_cut = False


class Sweeping(Sweep):
    """The real sweep; what it would advance itself, it leaves to the simulated workers."""

    def __init__(self, bells: Doorbells) -> None:
        self.bells, self.seen, self.duties = bells, set(), []

    def _advance(self, run_id: UUID, workspace_id: int) -> None:
        self.bells.append(str(run_id))


class Grounds:
    """What all examples share: the runtime's seams are replaced once, by its own words where there are any."""

    def __init__(self, monkeypatch, settings) -> None:
        settings.BROKER_URL = ""
        settings.FLOW_SECONDS = 1e9  # the virtual clock leaps
        witness.install()
        self.clock = VirtualClock()
        self.clock.install(monkeypatch)
        self.effects, self.beats, self.bells = Effects(), Beats(), Doorbells()
        rows = database.rows

        def standing_rows(statement, **values):
            stand("statement")
            return rows(statement, **values)

        children = SimpleNamespace(submit=self._submit)
        monkeypatch.setattr(database, "rows", standing_rows)
        monkeypatch.setattr(work, "queue", SimpleNamespace(SimpleQueue=Mailbox, Empty=queue.Empty))
        monkeypatch.setattr(work, "threads", SimpleNamespace(submit=self._submit))
        monkeypatch.setattr(work, "child_slots", Always())
        monkeypatch.setattr(performing, "child_slots", Always())
        monkeypatch.setattr(performing, "children", children)
        monkeypatch.setattr(advancing, "heartbeat", self.beats)
        monkeypatch.setattr(hints, "ring_now", self._ring)
        for module in (claim, performing, work):
            monkeypatch.setattr(module, "crashpoint", stand)

    def _submit(self, *what: Any, **more: Any) -> Any:
        return self.effects.submit(*what, **more)

    def _ring(self, task: str, run_id: str) -> bool:
        if not self.bells.is_cut:
            self.bells.append(run_id)
        return not self.bells.is_cut


class World:
    """One example: a workspace of its own on the shared grounds."""

    def __init__(self, grounds: Grounds) -> None:
        self.grounds, self.clock, self.bells, self.effects = grounds, grounds.clock, grounds.bells, grounds.effects
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE nemesis.runs, nemesis.calls, nemesis.starts, nemesis.strays")
        self.house = House.build(History())
        self.sweeping = Sweeping(self.bells)
        self.workers = [Worker(f"worker {number}") for number in range(WORKERS)]
        self.runs: list[Run] = []

    # --- people ---

    def start(self, plan: dict[str, Any], turns: list[Any]) -> None:
        agent = self.house.workspace.agents.get(name="walker")
        said = {"mark": str(len(self.runs)), "turns": turns}
        body = {"messages": [{"role": "user", "content": dumps(said)}], "plan": plan}
        run = Run.objects.create(
            workspace=self.house.workspace, agent=agent, version=agent.active_version, flow="nemesis", revision=1,
            input=dumps(body), labels={"key": str(len(self.runs))}, started_by=self.house.people["olga"],
        )  # fmt: skip
        self.runs.append(run)
        hints.ring_now("agents.advance_run", str(run.pk))

    def pending(self) -> list[ApprovalRequest]:
        found = ApprovalRequest.objects.pending().filter(workspace=self.house.workspace).order_by("pk")
        return list(found.select_related("tool_call", "run"))

    def decide(self, approval: ApprovalRequest, kind: str, who: str, digest: bytes | None = None) -> None:
        """What a person says; that it is refused is as good an answer."""
        said: dict[str, Any] = {"reason": "because"}
        if kind == "respond":
            said["text"] = "go on"
        if kind == "edit":
            said["args"] = approval.tool_call.arguments | {"amount": 77}
        seen = bytes(approval.digest) if digest is None else digest
        try:
            approval.decide(kind, by=self.house.by(who), digest=seen, **said)
        except CountersignError:
            return
        assert seen == bytes(approval.digest), "I5: a decision about other arguments was taken"

    def answer(self, approval: ApprovalRequest, who: str = "ana", *, again: bool = False) -> None:
        """What a careful person says: yes to a call, go on to a question, and of a doubt what the world shows."""
        if approval.subject_kind == "tool_call":
            return self.decide(approval, "approve", who)
        if approval.subject_kind == "question":
            return self.decide(approval, "respond", who)
        key = str(approval.tool_call_id)
        happened = key in outside.by_key("pay") or key in outside.puts()
        return self.decide(approval, "happened" if happened else "retry" if again else "did_not_happen", who)

    def undo(self, which: int) -> None:
        decided = ApprovalRequest.objects.filter(workspace=self.house.workspace, status="approved")
        for approval in decided.order_by("pk")[which : which + 1]:
            last = approval.decisions.order_by("-n").first()
            try:
                approval.undo(last.n, self.house.by(last.person.username))
            except CountersignError:
                return

    def cancel(self, run: Run) -> None:
        run.cancel(by=self.house.by("olga"))

    def stop(self, scope: str) -> None:
        self.house.workspace.switch.stop(scope, "look", self.house.by("olga"))

    def resume(self, scope: str) -> None:
        self.house.workspace.switch.resume(scope, self.house.by("olga"))

    def publish(self, name: str) -> None:
        rules = [*POLICIES[name], QUESTION]
        self.house.policy.publish(rules, self.house.by("root"))

    def say(self, run: Run) -> None:
        """One message for a run that will listen for one."""
        if run.inbox.exists() or not loads(run.input)["plan"]["hear"]:
            return
        try:
            run.say("hello")
        except CountersignError:
            return

    # --- processes ---

    def deliver(self, worker: Worker, run_id: str) -> None:
        worker.take(run_id)

    def kill(self, worker: Worker) -> None:
        worker.kill()
        self.effects.forget(worker)
        self.workers[self.workers.index(worker)] = Worker(worker.name + "'")

    def sweep(self) -> None:
        self.sweeping._move_runs()
        expire()

    # --- what must always hold ---

    def check(self) -> None:
        """After each rule: no half step, no fenced write, no second effect."""
        for key, lines in outside.by_key("pay").items():
            assert len(lines) == 1, f"I2: unsafe call {key} happened {len(lines)} times"
        strays = witness.asked("SELECT what, detail FROM nemesis.strays")
        assert not strays, f"I9, I10: {strays}"
        for name, query in HALVES.items():
            assert not (rows := witness.asked(worded(query))), f"I8: {name}: {rows}"

    def end(self) -> None:
        """Everything unhindered until all runs have ended, and then every invariant."""
        self.bells.is_cut = False
        for worker in self.workers:
            worker.is_paused = False
        for scope in ("workspace", "tool:nemesis_pay"):
            self.resume(scope)
        for _ in range(60):
            if not self._active():
                break
            self.round()
        violations = self._violations()
        assert not violations, "\n".join(f"{found.invariant}: {found.sentence}" for found in violations)

    def clear(self) -> None:
        """Leave no thread, message or effect to the next example."""
        for worker in self.workers:
            worker.kill()
        self.bells.clear()
        self.effects.forget_all()

    def _active(self) -> bool:
        set_aside = ("poisoned", "diverged")
        return Run.objects.active().filter(workspace=self.house.workspace).exclude(status__in=set_aside).exists()

    def round(self) -> None:
        """A second in which everything that can go on does."""
        self.sweep()
        for run in self.runs:
            self.say(run)
        for approval in self.pending():
            self.answer(approval, "ana")
            self.answer(approval, "ben")
        for worker in self.workers:
            while self.bells and worker.is_idle and not worker.is_paused:
                worker.take(self.bells.pop(0))
            self._let_go_on(worker)
        self.clock.forward(1.0)

    def _let_go_on(self, worker: Worker) -> None:
        for _ in range(0 if worker.is_paused else 400):
            for thought in [one for one in self.effects.thoughts if one.worker is worker]:
                self.effects.thoughts.remove(thought)
                thought.end()
            for order in [one for one in self.effects.orders if one.worker is worker]:
                self.effects.orders.remove(order)
                if order.result is None:
                    order.enter()
                order.end()
            if not worker.can_go_on:
                break
            worker.step()
        if not worker.is_idle and not worker.is_paused:
            self.grounds.beats.beat(worker)

    def _violations(self) -> list[Violation]:
        checker = Checker(self.house.history, self.house)
        checks = [
            checker.journal, checker.effects, checker.approved_bytes, checker.starts, checker.fences, checker.wake_ups,
            checker.sums, checker.messages,
        ]  # fmt: skip
        return [violation for check in checks for violation in check()]
