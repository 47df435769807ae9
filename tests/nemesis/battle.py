"""One battle: everything started, clients at work, faults by schedule, a time to settle, and the checks."""

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from django.db import DatabaseError, InterfaceError, connection

from agents.models import Run, Schedule
from agents.models.budget import BudgetHold
from config.embedded.services import OWNER
from reviews.models import Delivery
from tests.nemesis import outside, prices, report, witness
from tests.nemesis.arena import Arena, Services
from tests.nemesis.checker import Checker
from tests.nemesis.clients import Approver, Calendar, Client, Meddler, Ruler, Starter, Talker
from tests.nemesis.deliveries import UNTOLD
from tests.nemesis.evidence import Violation
from tests.nemesis.faults import Faults
from tests.nemesis.forker import Forker
from tests.nemesis.history import Caller, History
from tests.nemesis.house import House
from tests.nemesis.keeper import Keeper
from tests.nemesis.keeping import keep_findings
from tests.nemesis.mixes import Mix
from tests.nemesis.reader import Reader
from tests.nemesis.receiver import Receiver
from tests.nemesis.schedule import schedule
from tests.nemesis.witness import asked
from tests.product import Product

START_SECONDS = 60
LEAST_RUNS = 5
STILL_SECONDS = 90  # without any progress: longer than the lease of a delivery whose sweep was killed
TELL_SECONDS = 10
PROGRESS = """SELECT (SELECT coalesce(sum(seq), 0) FROM agents_run),
  (SELECT count(*) FROM agents_run WHERE finished_at IS NOT NULL),
  (SELECT count(*) FROM reviews_decision), (SELECT count(*) FROM reviews_delivery WHERE status = 'delivered')"""


@dataclass
class Battle:
    """Seed and length, and what came of it."""

    seed: int
    seconds: float
    mix: Mix
    crew: dict[str, str]
    home: Path
    receiver: Receiver
    history: History = field(default_factory=History)
    settled_seconds: float = 0.0

    def fight(self, services: Services) -> tuple[dict, list[Violation]]:
        """The figures and the violations."""
        with self.receiver.listening(), Product(self.home, **self.environment()) as product:
            witness.install()
            self.house = House.build(self.history, self.receiver)
            self.arena = Arena(product, services, self.crew)
            self.hands = Faults(self.arena)
            self.hands.some_runs = self._some_runs
            for name in self.crew:
                self.arena.start(name)
            self._wait_until_all_answer(self._caller(product.url, "olga"))
            reader = Reader(services.postgres.url(OWNER, product.database))
            clients = self._clients(product.url)
            with working([reader, *clients]):
                self._storm()
                self._settle(clients)
            return self._judged(clients, reader)

    def environment(self) -> dict[str, str]:
        """What every process of the product gets."""
        return {
            "TOOL_MODULES": "tests.nemesis.story",
            "TOOL_CHILDREN": "2",
            "DEMO": "0",
            "DATABASE_CONNECTIONS": "10",
            "NEMESIS_LEDGER": os.environ["NEMESIS_LEDGER"],
            prices.PRICED: "1",
            outside.WALL: os.environ[outside.WALL],
            "OUTBOUND_ALLOWED": self.receiver.host,
            "NEMESIS_MUTANT": os.environ.get("NEMESIS_MUTANT", ""),
        }

    def _caller(self, url: str, who: str) -> Caller:
        return Caller(url, who, self.house.tokens[who], self.history)

    def _clients(self, url: str) -> list[Client]:
        pace, caller, taste = f"{self.seed}", partial(self._caller, url), self.mix.taste
        keeper = Keeper(caller("olga"), pace, 0.5, self.house, self.mix.active)

        def is_crowded() -> bool:
            return keeper.is_crowded

        people = [
            Approver(caller(who), pace, 0.1, partial(self.house.decide_in_browser, who)) for who in ("ana", "ben")
        ]
        return [
            keeper,
            Starter(caller("olga"), pace + "a", 0.15, taste, is_crowded),
            Starter(caller("olga"), pace + "b", 0.15, taste, is_crowded),
            Talker(caller("olga"), pace, 0.6, taste, is_crowded),
            Calendar(caller("olga"), pace, 1.5, taste, is_crowded, self.house.ripen),
            *people,
            Forker(caller("eve"), pace, self.mix.forking, is_crowded),
            Meddler(caller("olga"), pace, self.mix.meddling, self.mix.ways),
            Ruler(caller("olga"), pace, self.mix.ruling, self.house.publish),
        ]

    def _wait_until_all_answer(self, caller: Caller) -> None:
        deadline = time.monotonic() + START_SECONDS
        workers = [name for name in self.crew if "worker" in name]
        while caller.look("/runs") is None or not all("ready" in self._log(name) for name in workers):
            assert time.monotonic() < deadline, "the product did not start"
            time.sleep(0.1)

    def _log(self, name: str) -> str:
        return self.arena.product.log(name)

    def _some_runs(self, which: int) -> list[str]:
        known = self._started()
        return random.Random(which).sample(known, min(3, len(known)))

    def _started(self) -> list[str]:
        return [operation.answer["id"] for operation in self.history.of("start") if operation.is_acknowledged]

    def _storm(self) -> None:
        began = time.monotonic()
        for fault in schedule(self.seed, self.seconds, self.mix.every, self.mix.kinds):
            self._tend_until(began + fault.at)
            print(f"{time.monotonic() - began:6.1f} s  {fault.kind} ({fault.seconds} s, {fault.which})", flush=True)
            self.hands.do(fault)
        self._tend_until(began + self.seconds)
        while len(self._started()) < LEAST_RUNS and time.monotonic() - began < self.seconds + START_SECONDS:
            self._tend_until(time.monotonic() + 0.5)  # a battle in which nothing happens proves nothing

    def _tend_until(self, moment: float) -> None:
        while (left := moment - time.monotonic()) > 0:
            self.hands.tend()
            time.sleep(min(0.05, left))

    def _settle(self, clients: list[Client]) -> None:
        """No more faults, no more runs: the people who decide go on until everything has ended."""
        while self.hands.undoing:
            self.hands.tend(everything=True)
        began = time.monotonic()
        for client in clients:
            if isinstance(client, Approver):
                client.calm = True
            else:
                client.stopping.set()
        self.receiver.calm = True
        moved = told = began
        standing = None
        while (left := self._left(clients)) and time.monotonic() - moved < STILL_SECONDS:
            self.hands.tend()
            time.sleep(0.1)
            if time.monotonic() > told + TELL_SECONDS:
                told = time.monotonic()
                print(f"settling for {told - began:.0f} s: {left}", flush=True)
            if standing != (standing := self._standing() or standing):
                moved = time.monotonic()
        self.settled_seconds = time.monotonic() - began
        print(f"settled after {self.settled_seconds:.1f} s", flush=True)

    def _left(self, clients: list[Client]) -> str:
        """What is not over yet; what only waits for somebody to look is looked after."""
        if any(client.is_alive() for client in clients if not isinstance(client, Approver)):
            return "clients"
        try:
            self.house.send_again()
            self.house.look_after()
            self.house.lift_stops()
            untold = Delivery.objects.filter(status__in=["pending", "failed"], endpoint__enabled=True)
            counts = {
                "runs": Run.objects.active().count(),
                "schedules": Schedule.objects.due().count(),
                "deliveries": untold.count(),
                "holds": BudgetHold.objects.count(),
                "events": asked(UNTOLD, self.house.workspace.pk)[0][0],
            }
        except (DatabaseError, InterfaceError):
            connection.close()
            return "the database"
        return ", ".join(f"{count} {what}" for what, count in counts.items() if count)

    def _standing(self) -> tuple | None:
        """Something that changes whenever any run or delivery gets on; None where nobody can say."""
        try:
            return asked(PROGRESS)[0]
        except (DatabaseError, InterfaceError):
            connection.close()
            return None

    def _judged(self, clients: list[Client], reader: Reader) -> tuple[dict, list[Violation]]:
        connection.close()
        self.history.save(self.home / "history.jsonl")
        checker = Checker(self.history, self.house)
        violations = checker.violations()
        violations += [Violation("I8", f"{what}: {rows}") for what, rows in reader.found.items()]
        if len(self._started()) < LEAST_RUNS:
            violations.append(Violation("battle", f"only {len(self._started())} runs were started: it proves nothing"))
        violations += [Violation("alive", one) for one in self.arena.ended_alone]
        violations += [Violation("client", f"{one.name} broke: {one.error!r}") for one in clients if one.error]
        checker.checked["I8 looks"] += reader.looks
        keep_findings(violations, reader.url, self.home)
        return report.figures(self.hands, checker, self.history, violations, self.settled_seconds), violations


@contextmanager
def working(threads: list[Client | Reader]) -> Iterator[None]:
    """Let them work, and wait for their end."""
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.stopping.set()
        for thread in threads:
            thread.join()
