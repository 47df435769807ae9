"""The rules of the refunds desk. Deny wins over ask, ask over allow; what several rules ask for is asked together."""

from typing import Any

FINANCE = {"count": 1, "group": "finance"}
ANYBODY = {"count": 1, "group": None}


def rule(name: str, tool: str, effect: str, condition: str = "", **demands: Any) -> dict[str, Any]:
    """A rule that may be decided in the browser and by personal token."""
    fields = {"name": name, "tool": tool, "effect": effect, "condition": condition}
    return fields | {"channels": ["web", "api"], "seats": [ANYBODY]} | demands


RULES = [
    rule("Looking orders up", "lookup_*", "allow", risk="low"),
    rule("Searching the help", "search_*", "allow", risk="low"),
    rule("Questions to people", "question", "ask", risk="low"),
    rule("Refund up to €50", "issue_refund", "allow", "double(args.amount) <= 50.0", seats=[FINANCE], risk="low"),
    rule("Refund over €50", "issue_refund", "ask", "double(args.amount) > 50.0", seats=[FINANCE]),
    rule(
        "Refund over €1,000",
        "issue_refund",
        "ask",
        "double(args.amount) > 1000.0",
        seats=[FINANCE, ANYBODY],
        undo_seconds=5,
        risk="high",
    ),
    rule("Mail to the order's customer", "send_email", "allow", "args.to == facts.order.customer.email", risk="low"),
    rule("Mail to somebody else", "send_email", "ask", "args.to != facts.order.customer.email"),
    rule("Deleting customers", "delete_customer", "deny", risk="high"),
]
