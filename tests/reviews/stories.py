"""What the stories of this folder share: deciding in one word, and reading what came of it."""

from typing import Any

import orjson

from agents.models import ToolCall
from reviews.models import ApprovalRequest, Decision
from workspaces.principal import Principal

TWO_SEATS = {
    "name": "two",
    "effect": "ask",
    "tool": "refund",
    "seats": [{"count": 1, "group": "finance"}, {"count": 1, "group": None}],
}


def decide(approval: ApprovalRequest, kind: str, by: Principal, **said: Any) -> Decision:
    return approval.decide(kind, by=by, digest=bytes(approval.digest), **said)


def call_of(approval: ApprovalRequest) -> ToolCall:
    return ToolCall.objects.get(pk=approval.tool_call_id)


def outcome_of(approval: ApprovalRequest) -> Any:
    return orjson.loads(call_of(approval).outcome or "null")
