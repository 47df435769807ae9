"""Celery's doorbell: one message a burst, carrying a run's id and nothing else."""

import logging
from typing import Any
from uuid import UUID

from celery import shared_task
from celery.signals import worker_init, worker_shutdown, worker_shutting_down
from django.db import OperationalError

from agents.models import Presence, Run
from agents.runtime import database
from agents.runtime.advance import advance
from agents.runtime.leaving import leaving
from agents.runtime.places import PLACES, Places
from agents.runtime.presence import Beating
from agents.runtime.work import warm_up
from agents.tools import children
from workspaces import standstill

log = logging.getLogger(__name__)
beating = Beating(Presence.Program.WORKER)


@shared_task(name="agents.advance_run", ignore_result=True)
def advance_run(run_id: str) -> None:
    """Advance the run if it is due; a doubled, delayed or forged message does no harm."""
    try:
        run = UUID(run_id)
    except (ValueError, AttributeError):
        log.warning("A message named no run: %.80r", run_id)
        return
    for one in places.runs(run):
        _advance(one)


def _advance(run: UUID) -> None:
    try:
        advance(run)
    except OperationalError as error:
        log.warning("The database went away while run %s was advanced; its lease ends soon. %s", run, error)
    except Exception:  # the outermost loop: Celery would log what the error says in full, and that may be data
        log.exception("Run %s could not be advanced.", run)


def workspaces_of(runs: set[UUID]) -> dict[UUID, int]:
    """Whose these are; nothing where the database is away, which advancing them will find, too."""
    with database.released_after():
        try:
            return dict(Run.objects.filter(pk__in=runs).values_list("pk", "workspace_id"))
        except OperationalError:
            return {}


places = Places(PLACES, workspaces_of)


@worker_init.connect
def warm(sender: Any, **_: object) -> None:
    """A worker is ready when its first call need not wait for imports."""
    places.size = sender.concurrency or places.size
    warm_up()
    beating.start()
    standstill.watch()


@worker_shutting_down.connect
def leave(**_: object) -> None:
    """The runs of this worker are finished or handed back."""
    leaving.ask()


@worker_shutdown.connect
def cool(**_: object) -> None:
    """Calls in flight end before their worker does."""
    children.stop()
    beating.stop()
