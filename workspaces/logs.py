"""What a log line is about, and how it is written: run, step, call, workspace and request go with every line.

Nothing here is given arguments, results or secrets. Of an exception only the first line is told: what a database adds
after it are the values of the row.
"""

import json
import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType

MAX_SAID = 300
FORMATS = ("json", "text")

_about: ContextVar[dict[str, object]] = ContextVar("countersign_log_line_is_about", default={})  # noqa: B039 - replaced

type ErrorInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


@contextmanager
def about(**fields: object) -> Iterator[None]:
    """Lines within the block carry these fields, also where the block's context is handed to another thread."""
    token = _about.set({**_about.get(), **fields})
    try:
        yield
    finally:
        _about.reset(token)


def note(**fields: object) -> None:
    """From here to the end of the surrounding `about`, lines carry these fields; nothing outside of one."""
    if known := _about.get():
        _about.set({**known, **fields})


def frames(error: BaseException) -> str:
    """Where foreign code failed; what it said may hold anything, so that is left to the row that keeps it."""
    return "".join(traceback.format_tb(error.__traceback__)).rstrip()


class AboutFilter(logging.Filter):
    """Gives each record what it is about. Named in LOGGING."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.about = dict(_about.get())
        return True


class _Formatter(logging.Formatter):
    """Exceptions with their frames and the first line of what they said."""

    def formatException(self, ei: ErrorInfo) -> str:
        return "\n".join(_told(error) for error in _chain(ei[1]))


class JsonLines(_Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        line |= getattr(record, "about", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class TextLines(_Formatter):
    """One line for people; what it is about stands at its end."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name} {message}", style="{")

    def formatMessage(self, record: logging.LogRecord) -> str:
        known = " ".join(f"{name}={value}" for name, value in getattr(record, "about", {}).items())
        return super().formatMessage(record) + (f" [{known}]" if known else "")


def _chain(error: BaseException | None) -> list[BaseException]:
    """The error and what led to it, first things first."""
    errors: list[BaseException] = []
    while error is not None and error not in errors:
        errors.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return errors[::-1]


def _told(error: BaseException) -> str:
    said = (str(error).splitlines() or [""])[0][:MAX_SAID]
    return f"{frames(error)}\n{type(error).__name__}: {said}".lstrip()
