"""What children write: all of it into a file each, what matters also onto the terminal, harmless and prefixed."""

import contextlib
import re
from pathlib import Path

MAX_FILE_BYTES = 10_000_000
MAX_LINE_BYTES = 2_000
IMPORTANT = re.compile(rb"\b(ERROR|CRITICAL)\b")
IMPORTANT_OF_SERVICES = re.compile(rb"\b(FATAL|PANIC)\b|# Fatal")  # a failed statement is its caller's to report


def say(sentence: str = "") -> None:
    """A line on the terminal, unless that is gone."""
    with contextlib.suppress(OSError):
        print(sentence, flush=True)


class Log:
    """The file of one child, with one older file kept beside it."""

    def __init__(self, directory: Path, name: str, important: re.Pattern[bytes] = IMPORTANT) -> None:
        self.path = directory / f"{name}.log"
        self.name = name
        self.important = important
        self.unfinished = b""
        self.file = self.path.open("ab")

    def write(self, chunk: bytes) -> None:
        """Append what the child wrote and show the lines that matter."""
        if self.file.tell() > MAX_FILE_BYTES:
            self._turn_over()
        self.file.write(chunk)
        self.file.flush()
        *lines, self.unfinished = (self.unfinished + chunk).split(b"\n")
        self.unfinished = self.unfinished[:MAX_LINE_BYTES]
        for line in lines:
            if self.important.search(line):
                say(f"{self.name:8} | {harmless(line)}")

    def last_lines(self, count: int) -> str:
        """The end of the file."""
        return "\n".join(harmless(line) for line in self.path.read_bytes()[-10_000:].splitlines()[-count:])

    def close(self) -> None:
        """Done."""
        self.file.close()

    def _turn_over(self) -> None:
        self.file.close()
        self.path.rename(self.path.with_suffix(".log.1"))
        self.file = self.path.open("ab")


def harmless(line: bytes) -> str:
    """Text that cannot steer the terminal, however hostile what was logged."""
    text = line[:MAX_LINE_BYTES].decode(errors="backslashreplace")
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
