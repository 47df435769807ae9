"""Starting runs: one verb for pages, API, commands and imports."""

import logging

from django.db import transaction

from agents.exceptions import UnknownAgent
from agents.models import Agent, Run
from agents.models.run import ring
from agents.runtime.text import dumps, headline
from workspaces import canonical, events, hints
from workspaces.exceptions import Forbidden
from workspaces.principal import Principal

log = logging.getLogger(__name__)


def start_run(
    principal: Principal, agent: str, input: object, *, labels: dict[str, str] | None = None, title: str = ""
) -> Run:
    """Queue a run of the agent's active version. Raises Forbidden, UnknownAgent, CanonicalError."""
    if not principal.may("operate"):
        raise Forbidden("Starting a run needs the role operator.")
    found = Agent.objects.startable().filter(workspace=principal.workspace, name=agent).first()
    if found is None or found.active_version is None:
        raise UnknownAgent(f"There is no agent {agent!r} that can be started here.")
    canonical.check(input)
    with transaction.atomic():
        run = Run.objects.create(
            workspace=principal.workspace,
            agent=found,
            version=found.active_version,
            flow=found.active_version.flow,
            revision=found.active_version.revision,
            input=dumps(input),
            title=title or headline(input),
            labels=labels or {},
            started_by=principal.person,
            started_by_token=principal.token,
        )
        if found.active_version.flow == "chat" and input:
            run.say(input)
        announce(run)
    return run


def announce(run: Run) -> None:
    """Tell the log of events, open pages and a worker that there is a new run."""
    log.info("Run %s of agent %s is queued.", run.pk, run.agent)
    events.record(run.workspace_id, "run", "run.queued", run.pk)
    hints.page("run", run.pk, "queued", run.workspace_id)
    ring(str(run.pk))
