"""Statements on Django's connection, prepared once; connections are held only while they are used."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections

from agents.runtime.prepared import prepared_on

type Row = dict[str, Any]

TRIES = 3
TAKEN_BACK = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)  # nothing of it has happened


class Statement:
    """SQL with named values, `%(name)s`, rewritten once to PostgreSQL's own `$1`: psycopg would parse it each time."""

    def __init__(self, text: str):
        self.names: list[str] = []
        self.query = re.sub(r"%\((\w+)\)s", self._numbered, text).replace("%%", "%").encode()

    def _numbered(self, found: re.Match[str]) -> str:
        if found[1] not in self.names:
            self.names.append(found[1])
        return f"${self.names.index(found[1]) + 1}"


def rows(statement: Statement, **values: Any) -> list[Row]:
    """The rows of one statement; Django's own cursor would plan it anew each time (engine.md §5)."""
    found, columns = repeated(lambda: _fetched(statement, values))
    return [dict(zip(columns, row, strict=True)) for row in found]


def tuples(statement: Statement, **values: Any) -> list[tuple[Any, ...]]:
    """The same as tuples, where there are many."""
    return repeated(lambda: _fetched(statement, values))[0]


def repeated[Found](work: Callable[[], Found]) -> Found:
    """What `work` gives, a transaction of its own; done again where the server took it back to end a deadlock."""
    for _ in range(TRIES - 1):
        try:
            return work()
        except OperationalError as error:
            if connection.in_atomic_block or not isinstance(error.__cause__, TAKEN_BACK):
                raise
    return work()


def _fetched(statement: Statement, values: Row) -> tuple[list[tuple[Any, ...]], Sequence[str]]:
    wrapper = connections[DEFAULT_DB_ALIAS]
    wrapper.ensure_connection()
    arguments = [values[name] for name in statement.names]
    try:
        if wrapper.connection.autocommit:
            return prepared_on(wrapper.connection).fetched(statement.query, arguments)
        return _in_transaction(wrapper.connection, statement.query, arguments)
    except psycopg.OperationalError as error:
        _forget_broken_connection()
        raise OperationalError(str(error)) from error


def _in_transaction(
    opened: psycopg.Connection, query: bytes, arguments: list[Any]
) -> tuple[list[tuple[Any, ...]], Sequence[str]]:
    """By a cursor of psycopg, which begins the transaction with the first statement."""
    with psycopg.RawCursor(opened) as cursor:
        cursor.execute(query, arguments, prepare=True)
        columns = [column.name for column in cursor.description or ()]
        return cursor.fetchall() if columns else [], columns


def row(statement: Statement, **values: Any) -> Row | None:
    """The one row, or None."""
    found = rows(statement, **values)
    return found[0] if found else None


def release() -> None:
    """Give the connection back before something slow; inside a transaction of the caller it stays."""
    wrapper = connections[DEFAULT_DB_ALIAS]
    if not wrapper.in_atomic_block:
        wrapper.close()


@contextmanager
def released_after() -> Iterator[None]:
    """Give the connection back when this block is over, however it ends."""
    try:
        yield
    finally:
        release()


def _forget_broken_connection() -> None:
    if connection.connection is not None and connection.connection.broken and not connection.in_atomic_block:
        connection.close()
