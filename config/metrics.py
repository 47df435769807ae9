"""`/metrics` in Prometheus' text format 0.0.4: what is open, from the database; what was counted, a process each.

Every statement reads an index of what is open, never history; whatever ended is counted by the process that ended it.
"""

import hmac
import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

import psycopg
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from psycopg.rows import DictRow

from agents.models.presence import LIVE_SECONDS
from agents.models.run_status import UNFINISHED
from config.errors import problem
from console.vitals import Vitals, own_connection

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")

# Gauges: name, help, and the statement that gives `value` and the labels.
OPEN = [
    (
        "runs",
        "Runs that have not ended, by status.",
        f"SELECT status, count(*) AS value FROM agents_run WHERE status IN ({', '.join(map(repr, UNFINISHED))})"
        " GROUP BY status",
    ),
    (
        "tool_calls",
        "Tool calls that have no outcome yet, by status.",
        "SELECT status, count(*) AS value FROM agents_toolcall"
        " WHERE status IN ('proposed', 'waiting', 'ready', 'executing', 'in_doubt') GROUP BY status",
    ),
    (
        "approvals",
        "Approvals that wait for people, by what they are about.",
        "SELECT 'pending' AS status, subject_kind AS kind, count(*) AS value FROM reviews_approvalrequest"
        " WHERE status = 'pending' GROUP BY subject_kind",
    ),
    (
        "oldest_approval_seconds",
        "How long the oldest approval has been waiting, by what it is about.",
        "SELECT subject_kind AS kind, extract(epoch FROM now() - min(created_at))::float8 AS value"
        " FROM reviews_approvalrequest WHERE status = 'pending' GROUP BY subject_kind",
    ),
    (
        "deliveries",
        "Webhooks that are not delivered, by status.",
        "SELECT status, count(*) AS value FROM reviews_delivery WHERE status IN ('pending', 'failed') GROUP BY status"
        " UNION ALL SELECT 'dead', count(*) FROM reviews_delivery WHERE status = 'dead'",
    ),
    (
        "broken_tools",
        "Workspaces in which a tool is left alone because it keeps failing, by tool.",
        "SELECT tool, count(*) AS value FROM agents_breaker WHERE open_until > now() GROUP BY tool",
    ),
    (
        "processes",
        "Live processes, by program.",
        "SELECT program, count(*) AS value FROM agents_presence"
        " WHERE beat_at > now() - %(live)s * interval '1 s' GROUP BY program",
    ),
]
COUNTED = "SELECT name, counts FROM agents_presence WHERE beat_at > now() - %(live)s * interval '1 s' ORDER BY name"

# Counters: the name that a process counts under, ours, its label, help, and by how much to multiply.
COUNTERS: list[tuple[str, str, dict[str, str], str, float]] = [
    ("steps", "steps_total", {}, "Steps committed.", 1),
    ("tokens", "tokens_total", {}, "Tokens of model calls.", 1),
    ("cost", "spend_dollars_total", {}, "Money spent on model calls.", 1e-6),
    ("claims", "claims_total", {}, "Runs taken up.", 1),
    ("claims_lost", "claims_lost_total", {}, "Claims that another process took over.", 1),
    ("hints_dropped", "hints_dropped_total", {}, "Rings and page hints that the broker did not take.", 1),
    *(
        (f"runs_{status}", "runs_ended_total", {"status": status}, "Runs that have ended, by status.", 1.0)
        for status in ("succeeded", "failed", "cancelled")
    ),
]
VITALS = {
    "oldest_due_run_seconds": "How long the oldest run that is due has been waiting for a worker.",
    "unchained_audit_seconds": "Age of the oldest audit entry that is not linked yet.",
    "unannounced_event_seconds": "Age of the oldest event that is not announced yet.",
    "overdue_delivery_seconds": "How long the oldest webhook that is due has been waiting.",
    "sweep_lag_seconds": "Time since the last round of any sweep.",
    "doorbells": "Rings that wait in the broker.",
}

type Samples = Iterable[tuple[dict[str, str], float]]


def metrics(request: HttpRequest) -> HttpResponse:
    """The figures, for whoever holds METRICS_TOKEN, or asks from this machine where there is none."""
    if not may_ask(request):
        return problem(403, "Send METRICS_TOKEN as a bearer token, or ask from the machine itself.")
    try:
        families = list(vitals()) + list(opened_and_counted())
    except psycopg.Error:
        return problem(503)
    return HttpResponse("".join(text(*family) for family in families), content_type=CONTENT_TYPE)


def may_ask(request: HttpRequest) -> bool:
    """What came through a proxy is not from here, whoever the proxy is."""
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode())
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def vitals() -> Iterator[tuple[str, str, str, Samples]]:
    """The ages that readiness is told by."""
    found = asdict(Vitals.look())
    for name, help in VITALS.items():
        yield name, "gauge", help, [({}, found[name])]


def opened_and_counted() -> Iterator[tuple[str, str, str, Samples]]:
    """What is open, and what live processes have counted."""
    with own_connection() as own:
        for name, help, statement in OPEN:
            yield name, "gauge", help, [labelled(row) for row in own.execute(statement, {"live": LIVE_SECONDS})]
        processes = own.execute(COUNTED, {"live": LIVE_SECONDS}).fetchall()
    for name in dict.fromkeys(counter[1] for counter in COUNTERS):
        help = next(counter[3] for counter in COUNTERS if counter[1] == name)
        yield name, "counter", help, list(counted(name, processes))


def counted(name: str, processes: list[DictRow]) -> Iterator[tuple[dict[str, str], float]]:
    """The samples of one counter: one for each process and label."""
    for key, ours, labels, _, factor in COUNTERS:
        if ours == name:
            for process in processes:
                yield labels | {"process": process["name"]}, process["counts"].get(key, 0) * factor


def labelled(row: DictRow) -> tuple[dict[str, str], float]:
    """A row as a sample: `value`, and everything else a label."""
    return {name: str(value) for name, value in row.items() if name != "value"}, row["value"]


def text(name: str, type: str, help: str, samples: Samples) -> str:
    """One family of metrics as Prometheus reads it."""
    lines = [f"# HELP countersign_{name} {help}", f"# TYPE countersign_{name} {type}"]
    lines += [f"countersign_{name}{braced(labels)} {value:.15g}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def braced(labels: dict[str, Any]) -> str:
    """Labels with what is special in their values escaped."""
    pairs = [f'{name}="{escaped(value)}"' for name, value in labels.items()]
    return f"{{{','.join(pairs)}}}" if pairs else ""


def escaped(value: str) -> str:
    r"""Backslash, quote and end of line, which would end the value early."""
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
