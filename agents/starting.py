"""Starting runs: one verb for pages, API, commands and imports."""

import logging
from typing import Any

from django.db import transaction

from agents import blobs
from agents.exceptions import ThreadBusy, ThreadRefused, UnknownAgent
from agents.models import Agent, AgentVersion, OnBusy, Run, RunStatus, Thread
from agents.models.run import ring
from agents.models.uuid7 import new_id
from agents.runtime.text import dumps, headline
from agents.runtime.turns import active, in_line, pass_turn
from workspaces import canonical, events
from workspaces.exceptions import Forbidden, Unprocessable
from workspaces.principal import Principal

CONVERSATION = "chat"  # a flow whose one run takes every message
log = logging.getLogger(__name__)


def start_run(
    principal: Principal,
    agent: str,
    input: object,
    *,
    labels: dict[str, str] | None = None,
    title: str = "",
    **columns: Any,
) -> Run:
    """Queue a run of the agent's active version; `columns` are further ones of its row.

    Raises Forbidden, UnknownAgent, CanonicalError, Unprocessable.
    """
    if not principal.may("operate"):
        raise Forbidden("Starting a run needs the role operator.")
    version = startable(principal, agent)
    canonical.check(input)
    if version.flow != CONVERSATION and is_empty(input):
        raise Unprocessable("A run needs an input.", [{"path": "/input", "message": "It is empty."}])
    with transaction.atomic():
        columns |= stored(input, principal.workspace.pk)
        run = Run.objects.create(
            workspace=principal.workspace,
            agent=version.agent,
            version=version,
            flow=version.flow,
            revision=version.revision,
            title=title or headline(input),
            labels=labels or {},
            started_by=principal.person,
            started_by_token=principal.token,
            **columns,
        )
        if version.flow == CONVERSATION and input:
            run.say(input)
        announce(run)
    return run


@transaction.atomic
def start_in_thread(
    principal: Principal,
    thread: Thread,
    agent: str,
    input: object,
    *,
    labels: dict[str, str] | None = None,
    on_busy: str = OnBusy.ENQUEUE,
) -> Run:
    """Start a run from the thread's messages; where one is active, `on_busy` says what becomes of the two.

    Raises ThreadBusy ("reject"), ThreadRefused, and what `start_run` raises.
    """
    if startable(principal, agent).flow == CONVERSATION:
        raise ThreadRefused("This agent keeps one conversation in one run: send messages to that run instead.")
    Thread.objects.select_for_update(no_key=True).get(pk=thread.pk)
    busy = active(thread)
    if on_busy == "reject" and (busy or in_line(thread).exists()):
        raise ThreadBusy(f"Run {busy.pk} of this thread is {busy.status}." if busy else "Others wait for this thread.")
    awaiting = OnBusy.ENQUEUE if on_busy == "reject" else OnBusy(on_busy)
    run = start_run(principal, agent, input, labels=labels, thread=thread, awaiting=awaiting, status=RunStatus.WAITING)
    if busy and awaiting != OnBusy.ENQUEUE:
        supersede(busy, awaiting, principal)
    pass_turn(thread.pk)
    run.refresh_from_db()
    return run


def supersede(busy: Run, awaiting: OnBusy, principal: Principal) -> None:
    """Cancel the active run for a new input, and note whether what it said still counts."""
    if busy.cancel(reason=f"A new input came, and {awaiting.label}.", by=principal):
        Run.objects.filter(pk=busy.pk).update(superseded=awaiting)


def stored(input: object, workspace_id: int) -> dict[str, Any]:
    """The columns that hold this input of a run to be made in the same transaction; a large one is kept elsewhere."""
    text = dumps(input)
    if not blobs.is_large(text):
        return {"input": text}
    run_id = new_id()
    return {"id": run_id, "input": blobs.keep(text, workspace_id, run_id)}


def is_empty(input: object) -> bool:
    """Whether it says nothing: only a conversation may begin without words, and waits for them."""
    return input in (None, "", [], {}) or (isinstance(input, str) and not input.strip())


def startable(principal: Principal, agent: str) -> AgentVersion:
    """The version that new runs of this agent use; raises UnknownAgent."""
    found = Agent.objects.startable().filter(workspace=principal.workspace, name=agent).first()
    if found is None or found.active_version is None:
        raise UnknownAgent(f"There is no agent {agent!r} that can be started here.")
    return found.active_version


def announce(run: Run) -> None:
    """Tell the log of events, open pages and a worker that there is a new run."""
    log.info("Run %s of agent %s is queued.", run.pk, run.agent)
    ring(str(run.pk))  # before pages are told, for it is waited for
    events.record(run.workspace_id, "run", "run.queued", run.pk)
