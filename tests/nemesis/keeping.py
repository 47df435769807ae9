"""What is kept of a battle: logs, history, ledger, findings, and the rows that tell how a finding came about."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from tests.nemesis.evidence import Violation

KEPT = ("*.log", "history.jsonl", "ledger", "report.json", "violations", "*.csv")
TABLES = (
    "nemesis.runs", "nemesis.calls", "nemesis.starts", "nemesis.steps", "nemesis.turns", "nemesis.fired",
    "nemesis.strays", "agents_run", "agents_toolcall", "agents_checkpoint", "agents_message", "agents_schedule",
    "reviews_approvalrequest", "reviews_decision", "reviews_delivery", "workspaces_event", "workspaces_auditentry",
)  # fmt: skip
SHOWN = 3  # of each invariant; all are kept


def keep_findings(violations: "list[Violation]", url: str, home: Path) -> None:
    """Every sentence, and where there is one, the rows."""
    (home / "violations").write_text("".join(f"{one.invariant}: {one.sentence}\n" for one in violations))
    if violations:
        keep_rows(url, home.parent)  # not on the battle's own small disk


def keep_rows(url: str, place: Path) -> None:
    """Each table as a file."""
    with psycopg.connect(url) as connection:
        for table in TABLES:
            with (
                (place / f"{table}.csv").open("wb") as file,
                connection.cursor().copy(f"COPY (TABLE {table}) TO STDOUT (FORMAT csv, HEADER)") as copy,
            ):
                file.writelines(copy)


def keep(home: Path, place: Path) -> None:
    """Copy the evidence to a place that stays."""
    place.mkdir(parents=True, exist_ok=True)
    for pattern in KEPT:
        for path in (*home.glob(pattern), *home.parent.glob(pattern)):
            shutil.copy(path, place / path.name)
    print(f"logs, history, ledger and rows are in {place}", flush=True)


def told(violations: "list[Violation]") -> Iterator[str]:
    """A line for each invariant, with the first of its findings below."""
    by_invariant: dict[str, list[Violation]] = {}
    for violation in violations:
        by_invariant.setdefault(violation.invariant, []).append(violation)
    for invariant, found in sorted(by_invariant.items()):
        yield f"VIOLATION {invariant}: {len(found)}"
        yield from (f"  {one.sentence}"[:600] for one in found[:SHOWN])
