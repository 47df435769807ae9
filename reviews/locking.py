"""The rows that a decision moves, locked in the order that everybody keeps: run, tool call, approval."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from agents.models import CallStatus, Run, ToolCall
from agents.models.run import ring
from agents.runtime import database
from agents.runtime.text import dumps
from reviews.models import ApprovalRequest
from workspaces.exceptions import Conflict

VALID_SECONDS = 15 * 60

# A decision on call and approval, with what wakes the run: one statement, for people wait on it. No row: the call has
# moved. With an undo the run is looked at when that is over, and a worker that parks it at this moment looks again.
SETTLE = database.Statement("""
WITH clock AS (SELECT clock_timestamp() AS now),
moment AS (SELECT now, now + %(undo)s::int * interval '1 s' AS effective FROM clock),
call AS (
  UPDATE agents_toolcall SET effective_at = moment.effective, outcome = %(outcome)s::text,
    status = CASE WHEN %(undo)s::int = 0 THEN %(call_status)s::text ELSE status END,
    decided = CASE WHEN %(undo)s::int = 0 THEN '' ELSE %(call_status)s::text END,
    valid_until = moment.effective + %(valid)s::int * interval '1 s'
  FROM moment WHERE id = %(call)s AND status = %(was)s AND decided = %(was_decided)s
  RETURNING id),
decided AS (
  UPDATE reviews_approvalrequest SET status = %(status)s, decided_at = moment.now, effective_at = moment.effective
  FROM moment, call WHERE reviews_approvalrequest.id = %(approval)s),
woken AS (
  UPDATE agents_run SET woken = true,
    due = CASE WHEN %(undo)s::int = 0 THEN due ELSE least(due, moment.effective) END,
    status = CASE WHEN %(undo)s::int = 0 AND status = 'waiting' AND awaiting = '' THEN 'queued' ELSE status END
  FROM moment, call WHERE agents_run.id = %(run)s)
SELECT moment.effective FROM moment, call
""")


@dataclass(slots=True)
class Locked:
    """An approval with its run and call, as they are now and stay until the transaction ends."""

    run: Run
    call: ToolCall
    approval: ApprovalRequest
    now: datetime

    @classmethod
    def take(cls, approval: ApprovalRequest) -> "Locked":
        """Lock the three rows; waits for whoever holds them."""
        return cls(
            Run.objects.select_for_update(no_key=True).get(pk=approval.run_id),
            ToolCall.objects.select_for_update(no_key=True).get(pk=approval.tool_call_id),
            ApprovalRequest.objects.select_for_update(no_key=True).get(pk=approval.pk),
            database_now(),
        )

    def settle(self, status: str, call_status: str, outcome: dict[str, Any] | None, *, undo_seconds: int = 0) -> None:
        """Write what was decided on approval and call, and wake the run for when it takes effect.

        This belongs at the end of the transaction: the decision takes effect at the time of this statement.
        """
        settled = database.row(
            SETTLE,
            run=self.run.pk,
            call=self.call.pk,
            approval=self.approval.pk,
            was=self.call.status,
            was_decided=self.call.decided,
            call_status=call_status,
            status=status,
            outcome=dumps(outcome) if outcome else None,
            undo=undo_seconds,
            valid=VALID_SECONDS if call_status == CallStatus.READY else None,
        )
        if settled is None:
            raise Conflict("This call has moved on meanwhile.")
        if not undo_seconds:
            ring(str(self.run.pk))

    def move_call(self, **columns: Any) -> None:
        """Change the call, which is still as it was when it was locked."""
        same = ToolCall.objects.filter(pk=self.call.pk, status=self.call.status, decided=self.call.decided)
        if not same.update(**columns):
            raise Conflict("This call has moved on meanwhile.")

    def move_approval(self, **columns: Any) -> None:
        """Change the approval."""
        ApprovalRequest.objects.filter(pk=self.approval.pk).update(**columns)


def database_now() -> datetime:
    """The database's time at this statement."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment
