"""Prepared statements by libpq itself: a cursor of psycopg takes twice the processor time for as many of them."""

from collections.abc import Sequence
from itertools import count
from typing import Any

import psycopg
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import InvalidSqlStatementName, error_from_result

type Found = tuple[list[tuple[Any, ...]], Sequence[str]]

WENT_WELL = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)


class Prepared:
    """What is prepared on one connection. Only for statements that are transactions of their own."""

    def __init__(self, connection: psycopg.Connection):
        self.libpq, self.values = connection.pgconn, Transformer(connection)
        self.known: dict[bytes, tuple[bytes, list[str]]] = {}
        self.numbers = count()

    def fetched(self, query: bytes, arguments: list[Any]) -> Found:
        """The rows and the names of their columns. Values travel as text, whose types the server infers."""
        sent = self.values.dump_sequence(arguments, [PyFormat.TEXT] * len(arguments))
        try:
            return self._executed(query, sent)
        except InvalidSqlStatementName:  # after a rollback psycopg drops everything that was prepared
            self.known.clear()
            return self._executed(query, sent)

    def _executed(self, query: bytes, sent: Sequence[Any]) -> Found:
        name, columns = self.known.get(query) or self._prepare(query)
        result = self._checked(self.libpq.exec_prepared(name, sent))
        self.values.set_pgresult(result)
        return self.values.load_rows(0, result.ntuples, tuple), columns

    def _prepare(self, query: bytes) -> tuple[bytes, list[str]]:
        name = b"countersign_%d" % next(self.numbers)
        self._checked(self.libpq.prepare(name, query))
        told = self._checked(self.libpq.describe_prepared(name))
        columns = [(told.fname(index) or b"").decode() for index in range(told.nfields)]
        self.known[query] = name, columns
        return name, columns

    def _checked(self, result: pq.abc.PGresult) -> pq.abc.PGresult:
        if result.status in WENT_WELL:
            return result
        if self.libpq.status == pq.ConnStatus.BAD:
            raise psycopg.OperationalError(result.get_error_message())
        raise error_from_result(result)


def prepared_on(connection: psycopg.Connection) -> Prepared:
    """What is prepared on this connection; it lives and ends with it."""
    known = vars(connection)
    if "countersign" not in known:
        known["countersign"] = Prepared(connection)
    return known["countersign"]  # type: ignore[no-any-return]
