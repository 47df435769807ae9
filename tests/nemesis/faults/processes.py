"""Faults of the product's processes: killed, paused, asked to end, started with a wrong clock."""

import signal
import time

from tests.nemesis import skew
from tests.nemesis.faults.hands import Hands, signalled
from tests.nemesis.outside import now
from tests.nemesis.schedule import Fault


class OfProcesses(Hands):
    """Workers, sweeps, webs and tool children."""

    def _one(self, program: str, which: int) -> str | None:
        """A process of this program that runs and is not paused."""
        names = [name for name, of in self.arena.crew.items() if of == program and self.arena.is_running(name)]
        names = [name for name in names if name not in self.arena.paused | self.arena.down]
        return names[which % len(names)] if names else None

    def _kill(self, program: str, fault: Fault):
        name = self._one(program, fault.which)
        if name is None:
            return False
        self.arena.down.add(name)
        self.kills.append((now(), self.arena.pid(name)))
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
                self.later(0.2, start)
            else:
                self.arena.start(name)

        return start

    def _kill_tool_child(self, fault: Fault):
        name = self._one("worker", fault.which)
        children = self.arena.family(name)[1:] if name else []
        if not children:
            return False
        return signalled([children[fault.which % len(children)]], signal.SIGKILL)

    def _set_a_clock_wrong(self, fault: Fault):
        """A worker or a sweep is started again, an hour ahead or behind, and stays so for a while."""
        name = self._one("worker" if fault.which % 2 else "sweep", fault.which)
        if name is None:
            return False
        self._start_anew(name, **skew.environment(3600 if fault.which % 3 else -3600))
        return lambda: self._start_anew(name) if self.arena.is_running(name) else None

    def _start_anew(self, name: str, **environment: str) -> None:
        self.arena.down.add(name)
        self.arena.product.kill(name)
        self.arena.start(name, **environment)
