"""Keeps children running: a loop in one thread, because the parent-death signal follows the thread that starts them."""

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import IO, cast

from config.embedded.children import Child, Watch, stop
from config.embedded.logs import Log, say
from config.embedded.places import own_directory

LOOK_SECONDS = 0.1
FIRST_DELAY, LONGEST_DELAY = 1.0, 30.0
HEALTHY_AFTER = 60.0


class Stopped(Exception):
    """Somebody asked us to stop."""


class Kept:
    """A child that is started again whenever it ends."""

    def __init__(self, child: Child, log: Log) -> None:
        self.child = child
        self.log = log
        self.delay = FIRST_DELAY
        self.started_at = 0.0
        self.start_at = 0.0
        self.starts = 0

    def ended(self, now: float) -> None:
        """Plan the next start: soon after a long life, later and later after short ones."""
        if now - self.started_at > HEALTHY_AFTER:
            self.delay = FIRST_DELAY
        self.start_at = now + self.delay
        self.delay = min(2 * self.delay, LONGEST_DELAY)


class Supervisor:
    """Starts, restarts and stops; ends when a signal asks for it."""

    def __init__(self, logs: Path, holding: Iterable[int] = ()) -> None:
        self.logs = own_directory(logs, 0o700)
        self.watch = Watch(holding)
        self.kept: list[Kept] = []
        self.selector = selectors.DefaultSelector()
        self.signals = 0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)

    def keep(self, child: Child, log: Log | None = None) -> Kept:
        """Start a child and keep it running."""
        kept = Kept(child, log or Log(self.logs, child.name))
        self.kept.append(kept)
        self._start(kept)
        return kept

    def once(self, child: Child) -> tuple[int, bytes]:
        """Run a child to its end while the others are looked after: exit code and output."""
        chunks: list[bytes] = []
        popen = self._open(child, chunks.append)
        try:
            while popen.poll() is None:
                self.look()
        finally:
            self._close(child)
        return popen.returncode, b"".join(chunks)

    def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Look after the children until the condition holds; False if it never did."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            self.look(LOOK_SECONDS / 4)
        return True

    def run(self) -> None:
        """Look after the children for good."""
        while True:
            self.look()

    def look(self, seconds: float = LOOK_SECONDS) -> None:
        """Once: pass on what children wrote, start those that are due."""
        if self.signals:
            raise Stopped
        for key, _ in self.selector.select(seconds):
            self._read(key)
        now = time.monotonic()
        for kept in self.kept:
            self._tend(kept, now)

    def stop(self, names: Iterable[str], seconds: float) -> None:
        """Ask these children to end and wait for them; a second signal to us ends them at once."""
        leaving = [kept for kept in self.kept if kept.child.name in set(names)]
        self.kept = [kept for kept in self.kept if kept not in leaving]
        self.signals = min(self.signals, 1)
        stop([kept.child for kept in leaving], self.watch, seconds, partial(self._leave, leaving))

    def close(self) -> None:
        """Let the watcher go, with whatever is left."""
        self.watch.close()
        self.selector.close()

    def _leave(self, leaving: list[Kept]) -> None:
        if self.signals > 1:
            for kept in leaving:
                kept.child.bury(self.watch)
        for key, _ in self.selector.select(0):
            self._read(key)

    def _start(self, kept: Kept) -> None:
        kept.started_at = time.monotonic()
        kept.starts += 1
        self._open(kept.child, kept.log.write)

    def _tend(self, kept: Kept, now: float) -> None:
        if kept.child.popen and not kept.child.is_running:
            code, log = kept.child.popen.returncode, kept.log.path
            self._close(kept.child)
            kept.ended(now)
            say(f"{kept.child.name} ended ({code}); starting it again in {kept.start_at - now:.0f} s; see {log}")
        if not kept.child.popen and now >= kept.start_at:
            self._start(kept)

    def _open(self, child: Child, sink: Callable[[bytes], object]) -> subprocess.Popen[bytes]:
        popen = child.start(self.watch, subprocess.PIPE)
        assert popen.stdout
        os.set_blocking(popen.stdout.fileno(), False)
        self.selector.register(popen.stdout, selectors.EVENT_READ, sink)
        return popen

    def _close(self, child: Child) -> None:
        """What an ended child left in its pipe still counts; what it left running is ended."""
        output = child.popen.stdout if child.popen else None
        child.bury(self.watch)
        if output and not output.closed:
            self._read(self.selector.get_key(output))
        if output and not output.closed:
            self._forget(output)

    def _read(self, key: selectors.SelectorKey) -> None:
        with contextlib.suppress(BlockingIOError):
            if chunk := os.read(key.fd, 1 << 20):
                key.data(chunk)
            else:
                self._forget(cast("IO[bytes]", key.fileobj))

    def _forget(self, output: IO[bytes]) -> None:
        self.selector.unregister(output)
        output.close()

    def _asked_to_stop(self, number: int, frame: object) -> None:
        self.signals += 1
