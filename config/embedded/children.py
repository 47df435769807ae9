"""Child processes that end with their parent, however it ends."""

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import IO, TypedDict

from config.embedded import watcher

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class Watch:
    """The watcher process: it holds the other end of a pipe that only our death closes.

    Files named by `holding` (the lock of a home) stay open until everything that we started is gone.
    """

    def __init__(self, holding: Iterable[int] = ()) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", watcher.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=tuple(holding),
            text=True,
            bufsize=1,
        )

    def add(self, session: int, number: int) -> None:
        """End this session with this signal if we are killed."""
        self._tell(f"+ {session} {number:d}")

    def remove(self, session: int) -> None:
        """The session is gone; its number may soon belong to somebody else."""
        self._tell(f"- {session}")

    def close(self) -> None:
        """Let the watcher go; what is still listed is ended."""
        with contextlib.suppress(BrokenPipeError):
            self._pipe.close()
        self.process.wait()

    @property
    def _pipe(self) -> IO[str]:
        assert self.process.stdin
        return self.process.stdin

    def _tell(self, line: str) -> None:
        # Somebody may have killed the watcher; the parent-death signal still stands.
        with contextlib.suppress(BrokenPipeError):
            self._pipe.write(line + "\n")


class Child:
    """One process in a session of its own, so that whatever it started is ended with it."""

    def __init__(  # noqa: PLR0913 - what a process is has this many sides
        self,
        name: str,
        command: list[str],
        *,
        user: str | None = None,
        environment: dict[str, str] | None = None,
        pass_fds: tuple[int, ...] = (),
        stop_signal: signal.Signals = signal.SIGTERM,
        death_signal: signal.Signals = signal.SIGKILL,
    ) -> None:
        self.name = name
        self.command = command
        self.user = user
        self.environment = environment
        self.pass_fds = pass_fds
        self.stop_signal = stop_signal
        self.death_signal = death_signal
        self.popen: subprocess.Popen[bytes] | None = None

    def start(self, watch: Watch, output: int | IO[bytes]) -> subprocess.Popen[bytes]:
        """Start it; call this from the main thread, because the parent-death signal follows the thread."""
        self.popen = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(self.environment or {})},
            cwd="/" if self.user else None,
            start_new_session=True,
            pass_fds=self.pass_fds,
            preexec_fn=partial(die_with_parent, os.getpid(), self.death_signal),  # noqa: PLW1509 - one thread here
            **as_user(self.user),
        )
        watch.add(self.popen.pid, self.death_signal)
        return self.popen

    @property
    def is_running(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Signal the process itself, not what it started."""
        if self.popen:
            self.popen.send_signal(number)

    def wait(self) -> None:
        """Until the process has ended."""
        if self.popen:
            self.popen.wait()

    def bury(self, watch: Watch) -> None:
        """End what an ended process left behind."""
        if self.popen:
            watcher.kill(self.popen.pid)
            self.popen.wait()
            watch.remove(self.popen.pid)
            self.popen = None


def stop(children: Iterable[Child], watch: Watch, seconds: float, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Ask all of them, wait for all of them, kill what stayed."""
    children = list(children)
    for child in children:
        child.send(child.stop_signal)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and any(child.is_running for child in children):
        meanwhile()
        time.sleep(0.02)
    for child in children:
        child.bury(watch)


def die_with_parent(parent: int, number: signal.Signals) -> None:
    """Runs in the new process: the kernel sends it `number` when the parent is gone (Linux only)."""
    if LIBC:
        LIBC.prctl(PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:
            os.kill(os.getpid(), number)


class Credentials(TypedDict, total=False):
    """The arguments of Popen that say as whom it runs."""

    user: str
    group: int
    extra_groups: list[str | int]


def as_user(user: str | None) -> Credentials:
    """What leaves root's rights behind."""
    if user is None:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
