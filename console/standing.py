"""How a run or a call stands, in a word and a tone."""

from dataclasses import dataclass, replace
from typing import Literal

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When

from agents.models import CallStatus, Effect, ForkMode, Run, RunStatus, ToolCall, with_unread
from agents.tools.question import QUESTION
from workspaces.models import Switch

type Tone = Literal["", "ok", "warn", "bad", "acc", "vio"]

WITH_PEOPLE = [CallStatus.WAITING, CallStatus.IN_DOUBT]

RUN_TONES: dict[str, Tone] = {
    RunStatus.QUEUED: "acc",
    RunStatus.RUNNING: "acc",
    RunStatus.WAITING: "vio",
    RunStatus.SUCCEEDED: "ok",
    RunStatus.FAILED: "bad",
    RunStatus.DIVERGED: "bad",
    RunStatus.POISONED: "bad",
    RunStatus.UNSERVED: "bad",
    RunStatus.PAUSED: "warn",
}
CALL_TONES: dict[str, Tone] = {
    CallStatus.WAITING: "warn",
    CallStatus.IN_DOUBT: "warn",
    CallStatus.READY: "acc",
    CallStatus.EXECUTING: "acc",
    CallStatus.SUCCEEDED: "ok",
    CallStatus.ANSWERED: "ok",
    CallStatus.FAILED: "bad",
    CallStatus.DENIED: "bad",
    CallStatus.REJECTED: "bad",
    CallStatus.EXPIRED: "warn",
}
OTHERWISE = {  # how calls of a run that succeeded may have ended; the first of them is said
    CallStatus.EXPIRED: "a call expired",
    CallStatus.DENIED: "a call denied",
    CallStatus.REJECTED: "a call rejected",
    CallStatus.ANSWERED: "a call answered instead",
}
NOT_DONE = {ForkMode.SIMULATED: "simulated", ForkMode.RECORDED: "from the record"}  # what such forks do
STOOD_IN = {"record": "From the record", "nearest": "Simulated", "simulation": "Simulated"}


@dataclass(frozen=True, slots=True)
class Standing:
    """A status as pages show it."""

    word: str
    tone: Tone = ""


def with_standing(runs: "QuerySet[Run]") -> "QuerySet[Run]":
    """Runs that know what they wait for, and which of their calls ended otherwise than as proposed."""
    theirs = ToolCall.objects.filter(run=OuterRef("pk"), status__in=WITH_PEOPLE, decided="")
    children = Run.objects.active().filter(parent=OuterRef("pk"))
    otherwise = ToolCall.objects.filter(run=OuterRef("pk"), status__in=OTHERWISE)
    refused = otherwise.exclude(tool=QUESTION.name, status=CallStatus.ANSWERED)
    return with_unread(runs).annotate(
        waits_for_approval=Exists(theirs.exclude(tool=QUESTION.name)),
        waits_for_answer=Exists(theirs.filter(tool=QUESTION.name)),
        waits_for_children=Exists(children),
        ended_otherwise=ArraySubquery(refused.order_by().values("status").distinct()),
        is_stopped=Exists(stopped_calls().filter(run=OuterRef("pk"))),
        repeats_writes=Case(When(fork_mode=ForkMode.LIVE, then=only_repeats()), default=False),
    )


def only_repeats() -> Q:
    """Whether a fork wrote, and each of its writes came from the record."""
    writes = ToolCall.objects.filter(run=OuterRef("pk")).exclude(effect=Effect.READ)
    return Exists(writes) & ~Exists(writes.exclude(verdict__stand_in__kind="record"))


def newest_with_standing(runs: "QuerySet[Run]", limit: int) -> "QuerySet[Run]":
    """The newest so many of them, chosen first: what they wait for is then asked of these alone."""
    newest = runs.order_by("-pk").values("pk")[:limit]
    return with_standing(Run.objects.filter(pk__in=newest)).order_by("-pk")


def stopped_calls() -> "QuerySet[ToolCall]":
    """Calls that may start, and that a stop of the tool, the agent or the workspace holds."""
    may_start = ToolCall.objects.filter(Q(status=CallStatus.READY) | Q(status=CallStatus.WAITING, decided="ready"))
    switch = Switch.objects.filter(
        Q(stopped=True)
        | Q(stopped_agents__contains=[OuterRef("run__agent__name")])
        | Q(stopped_tools__contains=[OuterRef("tool")]),
        workspace=OuterRef("workspace"),
    )
    return may_start.filter(Exists(switch))


def of_run(run: Run) -> Standing:
    """Of a run that was read by `with_standing`; one that does nothing says so, and is not shown as one that did."""
    found = of_status(run)
    if run.fork_mode not in NOT_DONE:
        return found
    return Standing(f"{found.word}, {NOT_DONE[ForkMode(run.fork_mode)]}", "acc" if found.tone == "ok" else found.tone)


def of_status(run: Run) -> Standing:
    """By what it is at."""
    if run.cancel_requested_at and not run.has_ended:
        return Standing("Cancelling", "warn")
    if run.pause_requested_at and run.status in (RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.WAITING):
        return Standing("Pausing", "warn")
    if run.status in (RunStatus.QUEUED, RunStatus.WAITING) and getattr(run, "is_stopped", False):
        return Standing("Held by a stop", "warn")
    if run.status == RunStatus.WAITING:
        return waiting(run)
    return (
        succeeded(run)
        if run.status == RunStatus.SUCCEEDED
        else Standing(run.get_status_display(), RUN_TONES.get(run.status, ""))
    )


def succeeded(run: Run) -> Standing:
    """Whether somebody should still look at a run that succeeded."""
    if run.unread_messages:
        return Standing("Succeeded, left a message unread", "warn")
    if run.ended_by:
        return Standing(f"Succeeded, ended by {run.ended_by}", "warn")
    if said := otherwise(run):
        return Standing(f"Succeeded, {said}", "warn")
    if getattr(run, "repeats_writes", False):
        return Standing("Succeeded, writes from the record", "acc")
    return Standing("Succeeded", "ok")


def otherwise(run: Run) -> str:
    """What became of a call that was not done as it was proposed, in words; empty where all were."""
    ended = getattr(run, "ended_otherwise", ())
    return next((words for status, words in OTHERWISE.items() if status in ended), "")


def waiting(run: Run) -> Standing:
    """What a waiting run waits for."""
    if getattr(run, "waits_for_approval", False):
        return Standing("Waiting for approval", "warn")
    if getattr(run, "waits_for_answer", False):
        return Standing("Waiting for an answer", "warn")
    if getattr(run, "waits_for_children", False):
        return Standing("Waiting for a child run", "vio")
    if run.awaiting:
        return Standing("Waiting for its turn", "vio")
    if run.flow == "chat":
        return Standing("Waiting for a message", "vio")
    return Standing("Waiting", "vio")


REMEDIES: dict[str, str] = {
    RunStatus.DIVERGED: "The flow's code no longer asks for what its journal recorded. Deploy the code that this run"
    " started with and try again, fork it, or cancel it.",
    RunStatus.POISONED: "Look at what the logs of these workers say last. When the cause is mended, try again; what has"
    " been committed is not done twice.",
    RunStatus.UNSERVED: "Start a worker that has this flow: the run then goes on by itself.",
}


def remedy(run: Run) -> str:
    """What can be done about a run that the runtime set aside."""
    return REMEDIES.get(run.status, "")


def of_call(call: ToolCall) -> Standing:
    """Of a tool call; one that a fork was answered in its place does not read as one that was made."""
    word = {CallStatus.WAITING: "Held for approval", CallStatus.IN_DOUBT: "In doubt"}.get(
        CallStatus(call.status), call.get_status_display()
    )
    found = Standing(word, CALL_TONES.get(call.status, ""))
    if not (instead := STOOD_IN.get(stand_in(call), "")):
        return found
    is_good = call.status == CallStatus.SUCCEEDED
    return Standing(instead, "acc") if is_good else replace(found, word=f"{word}, {instead.lower()}")


def stand_in(call: ToolCall) -> str:
    """What answered in place of the tool, in a fork: record, nearest, simulation, or nothing."""
    return str(call.verdict.get("stand_in", {}).get("kind", ""))


def was_entered(call: ToolCall) -> bool:
    """Whether the tool itself was called, as far as is known."""
    is_over = call.status in (CallStatus.SUCCEEDED, CallStatus.FAILED) and call.effect == Effect.READ
    was_refused = call.schema_digest is None  # its arguments, or its name
    return not stand_in(call) and (call.started_at is not None or (is_over and not was_refused))
