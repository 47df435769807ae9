"""The hands that carry out a schedule of faults, and undo each when its time is over."""

import heapq
import itertools
import signal
import time
from collections import Counter
from collections.abc import Callable
from uuid import uuid4

import psutil
import psycopg
import redis

from config.celery import QUEUE
from config.embedded.services import OWNER
from tests.nemesis.arena import CREW, Arena
from tests.nemesis.schedule import Fault
from workspaces import hints


class Hands:
    """Carries faults out, and undoes each when its time is over."""

    def __init__(self, arena: Arena):
        self.arena, self.services = arena, arena.services
        self.done: Counter[str] = Counter()
        self.undoing: list[tuple[float, int, Callable[[], None]]] = []
        self.numbers = itertools.count()
        self.kills: list[tuple[float, int]] = []
        self.restarts: list[float] = []
        self.database_is_hurt = self.broker_is_hurt = False

    def do(self, fault: Fault) -> None:
        """Begin the fault; one that cannot be done now is left out."""
        act = getattr(self, "_" + fault.kind.replace(" ", "_"))
        undo = act(fault)
        if undo is not False:
            self.done[fault.kind] += 1
        if callable(undo):
            heapq.heappush(self.undoing, (time.monotonic() + fault.seconds, next(self.numbers), undo))

    def tend(self, *, everything: bool = False) -> None:
        """Undo what is over, and start what ended by itself."""
        while self.undoing and (everything or self.undoing[0][0] <= time.monotonic()):
            heapq.heappop(self.undoing)[2]()
        self.arena.tend()

    # --- processes ---

    def _one(self, program: str, which: int) -> str | None:
        """A process of this program that runs and is not paused."""
        names = [name for name, of in CREW.items() if of == program and self.arena.is_running(name)]
        names = [name for name in names if name not in self.arena.paused | self.arena.down]
        return names[which % len(names)] if names else None

    def _kill(self, program: str, fault: Fault):
        name = self._one(program, fault.which)
        if name is None:
            return False
        self.arena.down.add(name)
        self.kills.append((time.time(), self.arena.pid(name)))
        self.arena.product.kill(name)
        return lambda: self.arena.start(name)

    def _kill_worker(self, fault: Fault):
        return self._kill("worker", fault)

    def _kill_sweep(self, fault: Fault):
        return self._kill("sweep", fault)

    def _kill_web(self, fault: Fault):
        return self._kill("web", fault)

    def _pause(self, program: str, fault: Fault, *, family: bool = False):
        name = self._one(program, fault.which)
        if name is None:
            return False
        processes = self.arena.family(name)[: None if family else 1]
        self.arena.paused.add(name)
        signalled(processes, signal.SIGSTOP)

        def go_on() -> None:
            self.arena.paused.discard(name)
            signalled(processes, signal.SIGCONT)

        return go_on

    def _pause_worker_beyond_its_lease(self, fault: Fault):
        return self._pause("worker", fault)

    def _pause_worker_with_its_children(self, fault: Fault):
        return self._pause("worker", fault, family=True)

    def _pause_worker_shortly(self, fault: Fault):
        return self._pause("worker", fault)

    def _pause_sweep_beyond_its_leases(self, fault: Fault):
        return self._pause("sweep", fault)

    def _pause_web(self, fault: Fault):
        return self._pause("web", fault)

    def _stop_worker_by_SIGTERM(self, fault: Fault):
        """It is asked to end; once it has ended, the next one starts."""
        name = self._one("worker", fault.which)
        if name is None:
            return False
        self.arena.down.add(name)
        self.arena.product.signal(name, signal.SIGTERM)
        deadline = time.monotonic() + 25

        def start() -> None:
            if self.arena.is_running(name) and time.monotonic() < deadline:
                heapq.heappush(self.undoing, (time.monotonic() + 0.2, next(self.numbers), start))
            else:
                self.arena.start(name)

        return start

    def _kill_tool_child(self, fault: Fault):
        name = self._one("worker", fault.which)
        children = self.arena.family(name)[1:] if name else []
        if not children:
            return False
        return signalled([children[fault.which % len(children)]], signal.SIGKILL)

    # --- the broker ---

    def _broker(self) -> redis.Redis:
        return redis.Redis.from_url(hints.redis_url(self.services.valkey.url()), socket_timeout=1)

    def _kill_broker(self, fault: Fault):
        if self.broker_is_hurt:
            return False
        self.broker_is_hurt = True
        self.services.end_valkey()

        def start() -> None:
            self.services.start_valkey()
            self.broker_is_hurt = False

        return start

    def _pause_broker(self, fault: Fault):
        if self.broker_is_hurt:
            return False
        self.broker_is_hurt = True
        self.services.broker.send(signal.SIGSTOP)

        def go_on() -> None:
            self.services.broker.send(signal.SIGCONT)
            self.broker_is_hurt = False

        return go_on

    def _flush_broker(self, fault: Fault):
        return self._to_broker(lambda broker: broker.flushall())

    def _garbage_to_broker(self, fault: Fault):
        pieces = [b"\xff\xfe not a message", b"{}", b'{"body": 1, "headers": {}, "properties": {}}', b"x" * 200_000]
        return self._to_broker(lambda broker: broker.lpush(QUEUE, pieces[fault.which % len(pieces)]))

    def _to_broker(self, act: Callable[[redis.Redis], object]):
        if self.broker_is_hurt:
            return False
        try:
            act(self._broker())
        except redis.RedisError:
            return False
        return None

    def _old_and_doubled_messages(self, fault: Fault):
        """Rings for runs of any age, ten times each, and for some that are no runs."""
        if self.broker_is_hurt:
            return False
        for run in [*self.some_runs(fault.which), str(uuid4()), "no run at all"]:
            for _ in range(10):
                hints.ring_now("agents.advance_run", run)
        return None

    def some_runs(self, which: int) -> list[str]:
        """Runs that were seen to start; told by the battle."""
        return []

    # --- the database ---

    def _kill_database_session(self, fault: Fault):
        """SIGKILL to one session: the server ends all of them and recovers."""
        if self.database_is_hurt:
            return False
        mine = [session for session in self.services.backends()[1:] if "countersign_app" in " ".join(cmdline(session))]
        if not mine:
            return False
        self.restarts.append(time.time())
        return signalled([mine[fault.which % len(mine)]], signal.SIGKILL)

    def _restart_database_immediately(self, fault: Fault):
        if self.database_is_hurt:
            return False
        self.services.restart_postgres()
        self.restarts.append(time.time())
        return None

    def _pause_database(self, fault: Fault):
        if self.database_is_hurt:
            return False
        self.database_is_hurt = True
        processes = self.services.backends()
        signalled(processes, signal.SIGSTOP)

        def go_on() -> None:
            signalled(processes, signal.SIGCONT)
            self.database_is_hurt = False

        return go_on

    def _hold_a_lock(self, fault: Fault):
        """Somebody's open transaction holds rows, or a whole table."""
        if self.database_is_hurt:
            return False
        locks = [
            "SELECT FROM agents_run WHERE status IN ('running', 'queued', 'waiting') LIMIT 20 FOR UPDATE",
            "LOCK TABLE agents_toolcall IN EXCLUSIVE MODE",
            "SELECT FROM workspaces_switch FOR UPDATE",
        ]
        url = self.services.postgres.url(OWNER, self.arena.product.database)
        try:
            holder = psycopg.connect(url, connect_timeout=2)
            holder.execute("SET lock_timeout = '1s'")
            holder.execute(locks[fault.which % len(locks)])
        except psycopg.Error:
            return False
        self.database_is_hurt = True

        def let_go() -> None:
            holder.close()
            self.database_is_hurt = False

        return let_go


def signalled(processes: list[psutil.Process], number: signal.Signals) -> None:
    """Those that are already gone do not matter."""
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue


def cmdline(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []
