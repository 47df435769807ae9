"""What a person is told first of a call that was carried out before: what it was, when, and who approved it."""

from dataclasses import dataclass
from functools import cached_property

from agents.models import ToolCall
from reviews.models import ApprovalRequest
from reviews.repeating import Repetition


@dataclass(frozen=True)
class DoneBefore:
    """A repetition with the request that led to the earlier call; both are of the reader's own workspace."""

    found: Repetition

    @property
    def call(self) -> ToolCall | None:
        """The earlier call."""
        return self.found.call

    @cached_property
    def approval(self) -> ApprovalRequest | None:
        """The request that was approved; None where the rules had allowed it, or another system had done it."""
        asked = ApprovalRequest.objects.filter(tool_call=self.call, status="approved") if self.call else None
        return asked.order_by("-pk").first() if asked is not None else None

    @cached_property
    def approved_by(self) -> str:
        """The names of those who did."""
        votes = self.approval.votes().select_related("person") if self.approval else []
        return " and ".join(vote.person.name for vote in votes)
