"""Runs of a thread take turns: each begins with what was said before it, and with what was done and taken back."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, Q, QuerySet, Value, When

from agents import blobs, reading
from agents.models import CallStatus, Checkpoint, Effect, OnBusy, Run, RunStatus, Thread, ToolCall
from agents.models.run import ENDED, ring
from agents.runtime.conversation import tool_result
from agents.runtime.flow import said
from agents.runtime.text import dumps, loads

AT_ONCE = 100
CUT_OFF = {"type": "cancelled", "message": "The run ended before this call was made.", "retryable": True}
STAYS_DONE = (
    "Note from the system, not from the user: attempts at this conversation were given up after they had acted. What "
    "they did was not undone. Do not repeat it without being asked:"
)


def pass_turns() -> None:
    """Give free threads to whoever waits for them; a duty of the sweep."""
    in_line = Run.objects.exclude(awaiting="").filter(status__in=[RunStatus.WAITING, RunStatus.QUEUED])
    for thread_id in in_line.order_by("thread").values_list("thread", flat=True).distinct()[:AT_ONCE]:
        pass_turn(thread_id)


@transaction.atomic
def pass_turn(thread_id: UUID) -> None:
    """Let the next run in line begin, unless one is active."""
    thread = Thread.objects.select_for_update(no_key=True).get(pk=thread_id)
    following = in_line(thread).first()
    if following is None or active(thread) is not None:
        return
    messages = history(thread)
    kept = blobs.keep(dumps(messages), following.workspace_id, following.pk) if messages else None
    Run.objects.filter(pk=following.pk).update(awaiting="", status=RunStatus.QUEUED, woken=True, history=kept)
    ring(str(following.pk))


def active(thread: Thread) -> Run | None:
    """The run that holds the thread."""
    return Run.objects.active().filter(thread=thread, awaiting="").first()


def in_line(thread: Thread) -> "QuerySet[Run]":
    """Those who wait, in the order of their turns: who interrupts goes before who only waits."""
    urgent = Case(When(awaiting=OnBusy.ENQUEUE, then=Value(1)), default=Value(0))
    waiting = thread.runs.filter(status__in=[RunStatus.WAITING, RunStatus.QUEUED], cancel_requested_at__isnull=True)
    return waiting.exclude(awaiting="").order_by(urgent, "id")


def history(thread: Thread) -> list[dict[str, Any]]:
    """What the next run begins with: the messages of the last one that counts, and what later ones have done."""
    ended = thread.runs.filter(status__in=ENDED, finished_at__isnull=False)
    counts = Q(status=RunStatus.SUCCEEDED, superseded="") | Q(superseded=OnBusy.INTERRUPT)
    last = ended.filter(counts).order_by("-finished_at").first()
    given_up = ended.filter(finished_at__gt=last.finished_at) if last else ended
    return (messages_of(last) if last else []) + remains(given_up)


def messages_of(run: Run) -> list[dict[str, Any]]:
    """Everything said in a run that has ended; calls that it had left open are answered."""
    if run.seq == 0:
        return (loads(blobs.read(run.history)) if run.history else []) + said(loads(blobs.read(run.input)))
    messages = reading.messages_at(run)
    open_calls = unanswered(messages)
    return [*messages, {"role": "user", "content": answers(run, open_calls)}] if open_calls else messages


def unanswered(messages: Sequence[dict[str, Any]]) -> list[str]:
    """The ids of the calls that the last message asks for."""
    last = messages[-1] if messages else {}
    content = last.get("content")
    if last.get("role") != "assistant" or not isinstance(content, list):
        return []
    return [block["id"] for block in content if block.get("type") == "tool_use"]


def answers(run: Run, provider_ids: Iterable[str]) -> list[dict[str, Any]]:
    """What became of these calls; the ids are the provider's, so the latest of a kind is meant."""
    calls = {call.provider_id: call for call in run.tool_calls.order_by("id")}
    steps = dict(run.checkpoints.filter(kind="tool").values_list("seq", "outcome"))
    found = []
    for provider_id in provider_ids:
        call = calls.get(provider_id)
        outcome = steps.get(call.seq) if call and call.seq else None
        value = loads(blobs.read(outcome)) if outcome else {"id": provider_id, "status": "cancelled", "error": CUT_OFF}
        found.append(tool_result(value))
    return found


def remains(given_up: "QuerySet[Run]") -> list[dict[str, Any]]:
    """One message that names the effects of runs that were given up; none where there are none."""
    calls = ToolCall.objects.filter(run__in=given_up, status=CallStatus.SUCCEEDED).exclude(effect=Effect.READ)
    done = [f"- {call.tool} {bytes(call.args).decode()}: {_came(call)}" for call in calls.order_by("id")]
    return [{"role": "user", "content": "\n".join([STAYS_DONE, *done])}] if done else []


def _came(call: ToolCall) -> str:
    found = Checkpoint.objects.filter(run=call.run_id, position=call.position)
    outcome = found.values_list("outcome", flat=True).first()
    return dumps(loads(blobs.read(outcome)).get("value"))[:500] if outcome else "done"
