"""Statements that are prepared once a connection: what happens where the server has lost them, or itself."""

import re

import psycopg
import pytest
from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper

from agents.runtime import database, statements
from agents.runtime.commit_sql import commit_statement

pytestmark = pytest.mark.django_db(transaction=True)

DOUBLE = database.Statement("SELECT %(number)s::int8 * 2 AS doubled, %(number)s::int8 AS number")
MINE = database.Statement("SELECT pg_backend_pid() AS pid")
DIVIDED = database.Statement("SELECT 1 / %(number)s::int4 AS divided")


def test_a_statement_is_prepared_again_after_a_rollback_has_dropped_it() -> None:
    assert database.row(DOUBLE, number=4) == {"doubled": 8, "number": 4}
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        assert database.row(DOUBLE, number=2**40) == {"doubled": 2**41, "number": 2**40}
        raise ZeroDivisionError
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    assert database.tuples(DOUBLE, number=2**40) == [(2**41, 2**40)]


def test_what_the_server_refuses_is_raised_by_its_name_and_the_connection_goes_on() -> None:
    with pytest.raises(psycopg.errors.DivisionByZero):
        database.row(DIVIDED, number=0)
    with pytest.raises(psycopg.DataError):
        database.row(DIVIDED, number="none")
    assert database.row(DIVIDED, number=1) == {"divided": 1}


def test_a_lost_connection_is_an_operational_error_and_the_next_statement_has_another() -> None:
    lost = database.row(MINE)
    assert lost
    with psycopg.connect(**connection.get_connection_params() | {"autocommit": True}) as other:  # type: ignore[arg-type]
        other.execute("SELECT pg_terminate_backend(%s, 10000)", [lost["pid"]])
    with pytest.raises(OperationalError):
        database.row(MINE)
    assert database.row(MINE) != lost


def test_a_step_looks_for_its_run_and_its_calls_alone_whatever_a_plan_was_made_on() -> None:
    step = commit_statement(frozenset({"steps", "settled"}), goes_on=True)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        for statement in (step, statements.START, statements.LOOK):
            assert "run_unfinished" not in planned(cursor, statement)
        assert re.search(r'Index Cond: \(\(run_id = mine\w*\.id\) AND \("position" = ', planned(cursor, step))


def planned(cursor: CursorWrapper, statement: database.Statement) -> str:
    """The plan that a connection keeps, whatever the values."""
    cursor.execute(f"EXPLAIN (GENERIC_PLAN) {statement.query.decode()}")
    return "\n".join(line for (line,) in cursor.fetchall())
