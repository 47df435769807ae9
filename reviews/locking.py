"""The rows that a decision moves, locked in the order that everybody keeps: run, tool call, approval."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F
from django.db.models.functions import Coalesce, Least

from agents.models import CallStatus, Run, ToolCall
from agents.runtime.text import dumps
from reviews.models import ApprovalRequest
from workspaces.exceptions import Conflict

VALID_FOR = timedelta(minutes=15)


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
        """Write what was decided on approval and call, and wake the run for when it takes effect."""
        effective_at = self.now + timedelta(seconds=undo_seconds)
        moves = {"decided": call_status} if undo_seconds else {"decided": "", "status": call_status}
        self.move_call(
            **moves,
            effective_at=effective_at,
            valid_until=effective_at + VALID_FOR if call_status == CallStatus.READY else None,
            outcome=dumps(outcome) if outcome else None,
        )
        self.move_approval(status=status, decided_at=self.now, effective_at=effective_at)
        if undo_seconds:
            self._wake_at(effective_at)
        else:
            self.run.wake()

    def move_call(self, **columns: Any) -> None:
        """Change the call, which is still as it was when it was locked."""
        same = ToolCall.objects.filter(pk=self.call.pk, status=self.call.status, decided=self.call.decided)
        if not same.update(**columns):
            raise Conflict("This call has moved on meanwhile.")

    def move_approval(self, **columns: Any) -> None:
        """Change the approval."""
        ApprovalRequest.objects.filter(pk=self.approval.pk).update(**columns)

    def _wake_at(self, moment: datetime) -> None:
        """Have the run looked at then; `woken` makes a worker that is parking it at this moment look again."""
        Run.objects.filter(pk=self.run.pk).update(due=Least(Coalesce(F("due"), moment), moment), woken=True)


def database_now() -> datetime:
    """The database's time at this statement."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment
