"""Tools that behave, and tools that do not; a ledger outside shows a test what really happened."""

import ctypes
import os
import resource
import signal
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from django.db import connection

from agents.tools import CallContext, ToolError, tool


def write(ledger: str, line: str) -> None:
    with Path(ledger).open("a") as file:
        file.write(line + "\n")


@tool(effect="keyed")
def stamp(context: CallContext, ledger: str, line: str = "stamped") -> dict[str, str | int]:
    """Write a line, and say who did."""
    write(ledger, line)
    return {"key": context.key, "attempt": context.attempt, "pid": os.getpid()}


@tool
def hang(ledger: str) -> None:
    """Write a line, then never come back."""
    write(ledger, str(os.getpid()))
    time.sleep(3600)


@tool
def drip(ledger: str) -> None:
    """Write a line every few milliseconds, for ever."""
    while True:
        write(ledger, str(os.getpid()))
        time.sleep(0.01)


@tool(effect="keyed")
def hang_under_a_key(ledger: str) -> None:
    """Hang, but harmless to repeat."""
    hang(ledger)


@tool(effect="read")
def hang_reading(ledger: str) -> None:
    """Hang without effect."""
    hang(ledger)


@tool
def hang_deafly(ledger: str) -> None:
    """Switch the alarm off, then hang."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    hang(ledger)


@tool
def deafen() -> str:
    """Leave the alarm ignored and blocked behind."""
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    return "deaf"


@tool
def exit_process(code: int) -> None:
    """End the interpreter."""
    os._exit(code)


@tool
def exit_system() -> None:
    """Raise SystemExit."""
    sys.exit(3)


@tool
def segfault() -> None:
    """Read from address zero."""
    ctypes.string_at(0)


@tool
def kill_itself() -> None:
    """As the kernel does when memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)


@tool
def pause_itself() -> None:
    """Stop, and never go on."""
    os.kill(os.getpid(), signal.SIGSTOP)


@tool
def fork(ledger: str) -> str:
    """Return twice, and use the database after that."""
    connection.ensure_connection()
    if os.fork() == 0:
        write(ledger, "fork")
        return "fork"
    os.wait()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'original'")
        return str(cursor.fetchone()[0])


@tool
def fork_and_drip(ledger: str) -> str:
    """Leave a fork behind that goes on writing."""
    if os.fork() == 0:
        drip(ledger)
    return "done"


@tool
def start_program_and_hang(ledger: str) -> None:
    """Start a program that outlives the call, and hang."""
    program = subprocess.Popen(["sleep", "3600"])
    write(ledger, str(program.pid))
    time.sleep(3600)


@tool
def make_noise(lines: int) -> str:
    """Write to both outputs, also below Python, then close them."""
    print("noise " * lines)
    os.write(2, b"\x80\x00 noise\n" * 5)
    sys.stdout.close()
    return "heard"


@tool
def close_everything() -> str:
    """Close every file of the process."""
    os.closerange(0, 200)
    return "closed"


@tool
def write_to_the_pipe(line: str) -> str:
    """Write to whatever is connected to somewhere, as a broken library might."""
    for number in range(3, 60):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                os.write(number, bytes.fromhex(line))
        except OSError:
            continue
    return "written"


@tool
def give_up_on_a_thread(ledger: str) -> None:
    """Stop waiting for one's own thread, as a client with a time limit does; it goes on."""
    ThreadPoolExecutor().submit(_later, ledger).result(timeout=0.01)


@tool
def leave_a_thread(ledger: str) -> str:
    """Return, and go on."""
    threading.Thread(target=_later, args=[ledger], daemon=True).start()
    return "done"


def _later(ledger: str) -> None:
    write(ledger, str(os.getpid()))
    time.sleep(1)
    write(ledger, "later")


@tool
def use_up(what: str) -> str:
    """Leave a process in which little works."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (5, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    os.environ.clear()
    sys.path.clear()
    return "used up"


class Evil(Exception):
    """Says nothing of itself."""

    def __str__(self) -> str:  # noqa: PLE0307
        sys.exit(4)


@tool(effect="read")
def fail_evilly() -> None:
    """Fail, and end whoever asks why."""
    raise Evil


@tool
def return_much(megabytes: int) -> str:
    """A result that is too large."""
    return "x" * (megabytes * 1_000_000)


@tool
def refuse() -> None:
    """Say that it did not happen."""
    raise ToolError("The card has expired.", type="card_expired", explanation="Ask for another card.")


@tool
def who_is_asked() -> list[str | None]:
    """The session of the database, after changing it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('application_name')")
        before = cursor.fetchone()[0]
        cursor.execute("SET application_name = 'left behind'; BEGIN")
    return [before]


@tool
def interrupt() -> None:
    """Raise what `except Exception` does not catch."""
    raise KeyboardInterrupt("stop")
