"""What the sweep does about budgets: holds of the dead, soft limits, and requests that have become needless."""

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from agents.models import Run, ToolCall
from agents.runtime import database
from agents.runtime.budgets import statements
from agents.runtime.gate import gate
from workspaces import hints

NEEDLESS = "There is room in the budget again, so nobody needs to decide about this."


def keep() -> None:
    """A duty of the sweep, safe in several processes."""
    database.rows(statements.GIVE_BACK)
    for told in database.rows(statements.TELL, root="", budgets=[]):
        hints.page("budget", told["object"], "budget.soft_limit", told["workspace_id"])
    for found in database.rows(statements.NEEDLESS):
        let_go_on(found["run_id"], found["call"])


@transaction.atomic
def let_go_on(run_id: UUID, call_id: UUID) -> None:
    """Take back a run's request for more and wake it; whoever holds the run's row now is left in peace."""
    run = Run.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=run_id).first()
    asked = ToolCall.objects.filter(pk=call_id, status="waiting", decided="")
    if run and asked.update(status="cancelled", finished_at=Now(), why=NEEDLESS):
        gate().closed([call_id])
        run.wake()
