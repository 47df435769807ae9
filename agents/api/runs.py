"""REST: runs, their steps and their messages."""

import re
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from ninja import Header, Query, Router, Status

from agents import blobs, reading
from agents.api import pages
from agents.api.access import who
from agents.api.schema import (
    CheckpointPage,
    MessageIn,
    MessageOut,
    MessagePage,
    PausedOut,
    ReasonIn,
    RunFilter,
    RunIn,
    RunOut,
    RunPage,
    SpanOut,
    StateOut,
    VerificationOut,
)
from agents.api.stream import follow
from agents.exceptions import Diverged, IllegalMove
from agents.models import Run, Thread, with_unread
from agents.runtime.journal_check import verify
from agents.runtime.text import loads
from agents.starting import start_in_thread, start_run
from agents.stopping import calls_of
from tracing.models import Span
from workspaces.idempotency import idempotent

router = Router(tags=["runs"])
Limit = Annotated[int, Query(ge=1, le=200)]
SEQ = re.compile("[0-9]{1,10}")
NAMED = {
    "status": "status",
    "agent": "agent__name",
    "parent": "parent",
    "thread": "thread",
    "forked_from": "forked_from",
}
Seq = Annotated[int, Query(ge=0, le=2**31 - 1)]


@router.post("/runs", response={201: RunOut})
@idempotent
def start(request: HttpRequest, body: RunIn) -> Any:
    """Start a run of an agent's active version, in a thread or on its own."""
    principal = who(request, "operate")
    if body.thread:
        thread = get_object_or_404(Thread, workspace=principal.workspace, pk=body.thread)
        run = start_in_thread(principal, thread, body.agent, body.input, labels=body.labels, on_busy=body.on_busy)
    else:
        run = start_run(principal, body.agent, body.input, labels=body.labels)
    return Status(201, shown(run))


@router.get("/runs", response=RunPage)
def list_runs(request: HttpRequest, wanted: Query[RunFilter], cursor: str = "", limit: Limit = 50) -> Any:
    """Runs, newest first."""
    filters = {NAMED.get(name, name): value for name, value in wanted.dict().items() if value}
    found, following = pages.page(_runs(request).filter(**filters), cursor, limit)
    return {"items": [shown(run) for run in found], "next": following}


@router.get("/runs/{uuid:run_id}", response=RunOut)
def show(request: HttpRequest, run_id: UUID) -> Any:
    """One run."""
    return shown(_run(request, run_id))


@router.get("/runs/{uuid:run_id}/checkpoints", response=CheckpointPage)
def checkpoints(request: HttpRequest, run_id: UUID, after: Seq = 0, limit: Limit = 50) -> Any:
    """Steps in the order of their commit; `after` is the last seq that the caller has."""
    steps = reading.timeline(_run(request, run_id), after=after, limit=limit + 1)
    following = str(steps[limit - 1].seq) if len(steps) > limit else None
    return {"items": steps[:limit], "next": following}


@router.get("/runs/{uuid:run_id}/state", response=StateOut)
def state(request: HttpRequest, run_id: UUID, seq: Seq | None = None) -> Any:
    """State and messages after step `seq`, the last by default."""
    run = _run(request, run_id)
    at = run.seq if seq is None else seq
    return {"seq": at, "state": reading.state_at(run, at), "messages": reading.messages_at(run, at)}


@router.get("/runs/{uuid:run_id}/spans", response=list[SpanOut])
def spans(request: HttpRequest, run_id: UUID) -> Any:
    """The spans of the run, in the order of their start."""
    run = _run(request, run_id)
    found = Span.objects.filter(workspace=run.workspace, trace_id=run.trace_id or run.pk, run_id=run.pk)
    return [_span(span) for span in found.order_by("started_at", "span_id")]


@router.get("/runs/{uuid:run_id}/events", openapi_extra={"responses": {200: {"content": {"text/event-stream": {}}}}})
def events(
    request: HttpRequest, run_id: UUID, last_event_id: Annotated[str, Header(alias="Last-Event-ID")] = ""
) -> Any:
    """Server-sent events: one `step` a committed step (id = seq), `status` at each change, and `end`."""
    run = _run(request, run_id)
    after = int(last_event_id) if SEQ.fullmatch(last_event_id) else 0
    response = StreamingHttpResponse(follow(run.pk, after), content_type="text/event-stream")
    response.headers["Cache-Control"] = "no-cache"
    return response


@router.get("/runs/{uuid:run_id}/messages", response=MessagePage)
def messages(request: HttpRequest, run_id: UUID) -> Any:
    """The last 200 messages that were sent to the run, with the step that took each."""
    newest = _run(request, run_id).inbox.order_by("-id")[:200]
    names = ("id", "taken_seq", "created_at")
    sent = [
        {name: getattr(one, name) for name in names} | {"content": loads(blobs.read(one.content))} for one in newest
    ]
    return {"items": sent[::-1]}


@router.post("/runs/{uuid:run_id}/messages", response={201: MessageOut})
@idempotent
def say(request: HttpRequest, run_id: UUID, body: MessageIn) -> Any:
    """Say something to a run: to its `receive`, or else before its next model turn."""
    principal = who(request, "operate")
    message = get_object_or_404(Run, workspace=principal.workspace, pk=run_id).say(body.content)
    return Status(201, {"id": message.pk, "content": body.content, "taken_seq": None, "created_at": message.created_at})


@router.post("/runs/{uuid:run_id}/cancellation", response={202: RunOut})
@idempotent
def cancel(request: HttpRequest, run_id: UUID, body: ReasonIn) -> Any:
    """Ask for the end of the run; it ends once calls in flight have an outcome."""
    principal = who(request, "operate")
    run = get_object_or_404(Run, workspace=principal.workspace, pk=run_id)
    if not run.cancel(reason=body.reason, by=principal):
        raise IllegalMove(f"This run has already {run.status}.")
    return Status(202, shown(_run(request, run_id)))


@router.post("/runs/{uuid:run_id}/pause", response={202: PausedOut})
@idempotent
def pause(request: HttpRequest, run_id: UUID, body: ReasonIn) -> Any:
    """Set the run aside: once answered, no new write starts; `in_flight` had started before, and is recorded."""
    principal = who(request, "operate")
    run = get_object_or_404(Run, workspace=principal.workspace, pk=run_id)
    run.pause(reason=body.reason, by=principal)
    return Status(202, shown(_run(request, run_id)) | {"in_flight": calls_of(run)})


@router.post("/runs/{uuid:run_id}/resumption", response={202: RunOut})
@idempotent
def resume(request: HttpRequest, run_id: UUID) -> Any:
    """Let a paused run go on, with the decisions, messages and timers that came meanwhile."""
    principal = who(request, "operate")
    get_object_or_404(Run, workspace=principal.workspace, pk=run_id).resume(by=principal)
    return Status(202, shown(_run(request, run_id)))


@router.post("/runs/{uuid:run_id}/verification", response=VerificationOut)
def verification(request: HttpRequest, run_id: UUID) -> Any:
    """Drive the flow again over the recorded steps and compare everything; nothing is performed."""
    run = _run(request, run_id)
    try:
        return {"agrees": True, "steps": verify(run)}
    except Diverged as divergence:
        return {"agrees": False, "steps": run.seq, "recorded": divergence.recorded, "asked": divergence.asked}


def _runs(request: HttpRequest) -> Any:
    principal = who(request, "view")
    return with_unread(Run.objects.filter(workspace=principal.workspace)).select_related(
        "agent", "version", "started_by"
    )


def _run(request: HttpRequest, run_id: UUID) -> Run:
    run: Run = get_object_or_404(_runs(request), pk=run_id)
    return run


def shown(run: Run) -> dict[str, Any]:
    """A run as the API shows it."""
    return {
        "agent": run.agent.name,
        "version": run.version.number,
        "input": loads(blobs.read(run.input)),
        "result": loads(blobs.read(run.result)) if run.result else None,
        "started_by": run.started_by.username if run.started_by else None,
        "parent": run.parent_id,
        "root": run.root_id,
        "thread": run.thread_id,
        "forked_from": run.forked_from_id,
    } | {name: getattr(run, name) for name in RunOut.model_fields if name not in COMPUTED}


COMPUTED = {"agent", "version", "input", "result", "started_by", "parent", "root", "thread", "forked_from"}


def _span(span: Span) -> dict[str, Any]:
    return {
        "span_id": f"{span.span_id:016x}",
        "parent_id": f"{span.parent_id:016x}" if span.parent_id else None,
    } | {name: getattr(span, name) for name in ("kind", "name", "status", "tokens", "started_at", "finished_at")}
