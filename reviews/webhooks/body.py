"""What a webhook says: which thing, what happened to it, where to look; arguments only for who asked for them, and
credentials for nobody."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings

from agents.models import Budget, Run, ToolCall, with_unread
from agents.tools.credentials import hidden
from reviews.models import ApprovalRequest, Comment, Decision
from reviews.models.endpoint import Endpoint

MAX_BYTES = 20_000
MAX_TITLE = 300
MAX_MESSAGE = 1000


@dataclass(frozen=True, slots=True)
class Happening:
    """One event row."""

    workspace_id: int
    seq: int
    topic: str
    kind: str
    object: UUID
    number: int | None
    created_at: datetime


class Subjects:
    """What a batch of events is about, as it is now: one query a table."""

    def __init__(self, happenings: Collection[Happening]) -> None:
        ids = {topic: {one.object for one in happenings if one.topic == topic} for topic in _ABOUT}
        with_run = ("run__agent", "workspace")
        approvals = ApprovalRequest.objects.select_related("tool_call", *with_run).in_bulk(ids["approval"])
        calls = ToolCall.objects.select_related(*with_run).in_bulk(ids["tool_call"])
        runs = with_unread(Run.objects.select_related("agent", "workspace")).in_bulk(ids["run"])
        budgets = Budget.objects.with_use().select_related("agent", "workspace").in_bulk(ids["budget"])
        self._found: dict[str, dict[UUID, Any]] = {
            "approval": approvals,
            "tool_call": calls,
            "run": runs,
            "budget": budgets,
        }
        decisions = Decision.objects.select_related("person").filter(approval__in=approvals)
        mentions = [one.number for one in happenings if one.kind == "approval.mentioned"]
        self._comments = Comment.objects.select_related("person").in_bulk(mentions) if mentions else {}
        self._decisions: dict[tuple[UUID, int | None], Decision] = {(one.approval_id, one.n): one for one in decisions}

    def body(self, happening: Happening, *, with_arguments: bool) -> bytes | None:
        """The body of a webhook about this event; None if what it is about is gone."""
        subject = self._found[happening.topic].get(happening.object)
        if subject is None:
            return None
        data = {"workspace": subject.workspace.slug, "sequence": happening.seq, **_ABOUT[happening.topic](subject)}
        if happening.kind == "approval.decided":
            data["decision"] = _decision(self._decisions[subject.pk, happening.number])
        if happening.kind == "approval.mentioned" and happening.number:
            comment = self._comments[happening.number]
            data["mention"] = {"by": comment.person.username, "people": comment.mentioned}
        if with_arguments and happening.topic in ("approval", "tool_call"):
            return _with_arguments(happening, data, subject)
        return _written(happening.kind, happening.created_at, data)


def test_body(endpoint: Endpoint, moment: datetime) -> bytes:
    """The body of a test event."""
    return _written("endpoint.test", moment, {"workspace": endpoint.workspace.slug, "endpoint": str(endpoint.pk)})


def _about_approval(approval: ApprovalRequest) -> dict[str, Any]:
    return {
        "approval": str(approval.pk),
        "subject": approval.subject_kind,
        **_names(approval.run, approval.tool_call),
        "title": _cut(approval.title, MAX_TITLE),
        "risk": approval.risk,
        "revision": approval.revision,
        "deadline_at": _written_time(approval.deadline_at),
        "effective_at": approval.effective_at and _written_time(approval.effective_at),
        "url": f"{settings.PUBLIC_URL}/review/{approval.pk}",
    }


def _about_call(call: ToolCall) -> dict[str, Any]:
    named = _names(call.run, call)
    return {
        **named,
        "title": _cut(call.title, MAX_TITLE),
        "why": _cut(call.why, MAX_MESSAGE),
        "url": _run_url(call.run),
    }


def _about_run(run: Run) -> dict[str, Any]:
    error = run.error and {name: _cut(str(run.error.get(name, "")), MAX_MESSAGE) for name in ("type", "message")}
    return {
        "run": str(run.pk),
        "agent": run.agent.name,
        "title": _cut(run.title, MAX_TITLE),
        "ended_by": run.ended_by,
        "unread_messages": run.unread_messages,
        "error": error,
        "url": _run_url(run),
    }


def _about_budget(budget: Budget) -> dict[str, Any]:
    limits = {name: getattr(budget, name) for name in ("soft", "hard")}
    is_of_a_run = budget.period == Budget.Period.RUN
    return {
        "budget": str(budget.pk),
        "agent": budget.agent and budget.agent.name,
        "period": budget.period,
        "unit": budget.unit,
        **{name: value and float(value) for name, value in limits.items()},
        "used": None if is_of_a_run else float(budget.used),  # type: ignore[attr-defined]
        "url": f"{settings.PUBLIC_URL}/agents",
    }


_ABOUT: dict[str, Callable[[Any], dict[str, Any]]] = {
    "approval": _about_approval,
    "tool_call": _about_call,
    "run": _about_run,
    "budget": _about_budget,
}


def _names(run: Run, call: ToolCall) -> dict[str, Any]:
    return {"run": str(run.pk), "tool_call": str(call.pk), "agent": run.agent.name, "tool": call.tool}


def _decision(decision: Decision) -> dict[str, Any]:
    return {"n": decision.n, "kind": decision.kind, "by": decision.person.username}


def _with_arguments(happening: Happening, data: dict[str, Any], subject: ApprovalRequest | ToolCall) -> bytes:
    """The body with the call's arguments, or with null in their place where they are too long to send."""
    call = subject.tool_call if isinstance(subject, ApprovalRequest) else subject
    arguments = orjson.Fragment(hidden(bytes(call.args).decode()))
    whole = _written(happening.kind, happening.created_at, data | {"arguments": arguments})
    if len(whole) < MAX_BYTES:
        return whole
    return _written(happening.kind, happening.created_at, data | {"arguments": None})


def _written(kind: str, moment: datetime, data: dict[str, Any]) -> bytes:
    return orjson.dumps({"type": kind, "timestamp": _written_time(moment), "data": data})


def _written_time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _run_url(run: Run) -> str:
    return f"{settings.PUBLIC_URL}/runs/{run.pk}"


def _cut(text: str, length: int) -> str:
    text = hidden(text)
    return text if len(text) <= length else text[: length - 1] + "…"
