"""Celery's doorbell: one message a burst, carrying a run's id and nothing else."""

import logging
from uuid import UUID

from celery import shared_task

from agents.runtime.advance import advance

log = logging.getLogger(__name__)


@shared_task(name="agents.advance_run", ignore_result=True)
def advance_run(run_id: str) -> None:
    """Advance the run if it is due; a doubled, delayed or forged message does no harm."""
    try:
        run = UUID(run_id)
    except (ValueError, AttributeError):
        log.warning("A message named no run: %.80r", run_id)
        return
    advance(run)
