"""Time limits of approvals: nothing is decided after its time, nothing expires before it, and then nothing happens."""

from collections.abc import Iterator

from reviews.models import ApprovalRequest, Decision
from tests.nemesis.evidence import Check, Evidence, Violation

ENDS = {"expired", "answered"}  # what a call comes to when its rule says "reject" or "respond"


class Terms(Evidence):
    """Checks of `deadline_at`, by the database's clock."""

    def checks(self) -> list[Check]:
        return [self.decided_in_time, self.expired]

    def decided_in_time(self) -> Iterator[Violation]:
        """I4: a decision is made while there is time for it."""
        for made in Decision.objects.select_related("approval"):
            self.checked["I4 decisions in time"] += 1
            if made.created_at >= made.approval.deadline_at and made.approval.on_expiry != "keep_waiting":
                yield Violation("I4", f"{made} about {made.approval_id} came after {made.approval.deadline_at}")

    def expired(self) -> Iterator[Violation]:
        """I4, I5: what nobody decided ended in its time and not before, and its call never began."""
        happened = {line["key"] for line in self.known.effects}
        for approval in ApprovalRequest.objects.filter(status="expired", workspace=self.workspace):
            self.checked["I4 expired"] += 1
            call = self.calls[str(approval.tool_call_id)]
            if approval.decided_at and approval.decided_at < approval.deadline_at:
                yield Violation("I4", f"approval {approval.pk} expired before its time: {approval.decided_at}")
            if call.status not in ENDS or str(call.pk) in happened:
                yield Violation("I5", f"call {call.pk} is {call.status} although nobody decided about it in time")
