"""Where templates of runs wait to be copied: one temporary table for each kind of row, times in seconds."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection

from agents.runtime.text import dumps
from reviews.seeding.calls import audited
from reviews.seeding.journal import Rows

COLUMNS: Mapping[str, Mapping[str, str]] = {
    "run": {
        "agent": "bigint", "version": "bigint", "starter": "bigint", "input": "text", "title": "text", "status": "text",
        "seq": "int", "tokens": "bigint", "cost": "bigint", "result": "text", "error": "jsonb", "cancelled": "float8",
        "cancel_reason": "text", "ended": "float8", "asked": "float8", "patience": "float8",
    },
    "step": {
        "seq": "int", "position": "text", "kind": "text", "request": "bytea", "messages": "text", "keyframe": "text",
        "outcome": "text", "failed": "bool", "tokens": "int", "began": "float8", "ended": "float8", "name": "text",
    },
    "call": {
        "position": "text", "provider_id": "text", "tool": "text", "title": "text", "effect": "text", "reaches": "text",
        "status": "text", "why": "text", "args": "bytea", "digest": "bytea", "proposed_args": "bytea",
        "schema_digest": "bytea", "rules_epoch": "int", "verdict": "jsonb", "effective": "float8", "valid": "float8",
        "attempt": "int", "deadline": "float8", "seq": "int", "created": "float8", "began": "float8", "ended": "float8",
    },
    "approval": {
        "position": "text", "subject_kind": "text", "status": "text", "title": "text", "revision": "int",
        "digest": "bytea", "seats": "jsonb", "excluded": "bigint[]", "channels": "text[]", "edit_allowed": "bool",
        "undo_seconds": "int", "risk": "text", "deadline": "float8", "on_expiry": "text", "on_expiry_text": "text",
        "explanation": "jsonb", "policy_revisions": "bigint[]", "requirement_digest": "bytea", "created": "float8",
        "decided": "float8", "effective": "float8",
    },
    "revision": {
        "position": "text", "number": "int", "args": "bytea", "digest": "bytea", "edited_by": "bigint",
        "created": "float8",
    },
    "decision": {
        "position": "text", "n": "int", "kind": "text", "person": "bigint", "revision": "int", "digest": "bytea",
        "seat": "int", "reason": "text", "text": "text", "args_after": "bytea", "created": "float8", "actor": "text",
        "audited": "text",
    },
}  # fmt: skip


def store(templates: Iterable[Rows]) -> None:
    """Fill the tables of this session anew with these templates, numbered from 0."""
    kept = list(enumerate(templates))
    _write("run", [(number, rows.run) for number, rows in kept])
    _write("step", [(number, row) for number, rows in kept for row in rows.steps])
    _write("call", [(number, row) for number, rows in kept for row in rows.calls])
    _write("approval", [(number, row) for number, rows in kept for row in rows.approvals])
    _write("revision", [(number, row) for number, rows in kept for row in rows.revisions])
    decisions = [(number, row | {"audited": audited(row)}) for number, rows in kept for row in rows.decisions]
    _write("decision", decisions)


def _write(name: str, rows: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
    columns = COLUMNS[name]
    declared = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
    named = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS seed_{name}")
        cursor.execute(f"CREATE TEMP TABLE seed_{name} (template int, {declared})")
        with cursor.copy(f"COPY seed_{name} (template, {named}) FROM STDIN") as copy:
            for template, row in rows:
                copy.write_row([template, *(_value(row[column], kind) for column, kind in columns.items())])
        cursor.execute(f"CREATE INDEX ON seed_{name} (template)")
        cursor.execute(f"ANALYZE seed_{name}")


def _value(value: Any, kind: str) -> Any:
    return dumps(value) if kind == "jsonb" and not (value is None or isinstance(value, str)) else value
