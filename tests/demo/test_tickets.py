"""All twenty tickets through real processes: the scripted desk proposes, the rules judge, people decide."""

from collections.abc import Iterable
from decimal import Decimal

import pytest

from agents.models import Run, ToolCall
from agents.runtime.text import loads
from agents.starting import start_run
from demo.models import Customer, OutgoingMail, Refund
from demo.shop import REFUNDED_BEFORE
from demo.tickets import TICKETS
from reviews.models import ApprovalRequest
from tests.demo.conftest import Demo
from tests.product import Product
from workspaces.models import Person
from workspaces.principal import Principal

FINANCE, ANYBODY = "finance", None
TWO = (FINANCE, ANYBODY)
REFUND, MAIL, DELETE, QUESTION = "issue_refund", "send_email", "delete_customer", "question"
FREE_MAIL = (MAIL, "allow")

# What each ticket leads to, call by call, once people have agreed to everything: the tool, and either the verdict or
# the seats that are asked; (the two refunds over €1,000 are left waiting, so that nobody waits for their undo to pass).
EXPECTED = [
    [(REFUND, (FINANCE,), "89.00"), FREE_MAIL],
    [(REFUND, "allow", "24.90"), FREE_MAIL],
    [(REFUND, TWO, "1240.00")],
    [(REFUND, "allow", "18.00"), FREE_MAIL],
    [(REFUND, (FINANCE,), "149.00"), FREE_MAIL],
    [(REFUND, (FINANCE,), "240.00"), FREE_MAIL],
    [(REFUND, (FINANCE,), "640.00"), (MAIL, (ANYBODY,)), (DELETE, "deny")],
    [(REFUND, TWO, "1890.00")],
    [(REFUND, (FINANCE,), "69.00"), FREE_MAIL],
    [(REFUND, "allow", "15.00"), FREE_MAIL],
    [(REFUND, "allow", "20.00"), FREE_MAIL],
    [(REFUND, "allow", "45.00"), (MAIL, (ANYBODY,))],
    [(DELETE, "deny")],
    [(QUESTION, (ANYBODY,)), (REFUND, (FINANCE,), "760.00"), FREE_MAIL],
    [(REFUND, "allow", "50.00"), FREE_MAIL],
    [(REFUND, "allow", "19.90"), (REFUND, (FINANCE,), "64.00"), FREE_MAIL, FREE_MAIL],
    [(REFUND, (FINANCE,), "1000.00"), FREE_MAIL],
    [(REFUND, (FINANCE,), "155.00"), FREE_MAIL],
    [],
    [],
]


class Desk:
    """The demo with a worker and a sweep."""

    def __init__(self, demo: Demo, product: Product) -> None:
        demo.start()
        self.product, self.workspace = product, demo.workspace
        product.start("worker")
        product.start("sweep")

    def by(self, username: str) -> Principal:
        return Principal.of_session(Person.objects.get(username=username), self.workspace)

    def send(self, ticket: str) -> Run:
        return start_run(self.by("olga"), "refunds-desk", ticket)

    def agree(self, *, but_for_amounts_over: Decimal) -> bool:
        """Agree to what waits; whether nothing is left to wait for."""
        waiting = list(ApprovalRequest.objects.pending().select_related("tool_call"))
        left = [one for one in waiting if amount(one.tool_call) > but_for_amounts_over]
        for approval in waiting:
            if approval not in left:
                self.agree_to(approval)
        return Run.objects.active().count() == len(left) == len(waiting)

    def agree_to(self, approval: ApprovalRequest) -> None:
        digest = bytes(approval.digest)
        if approval.subject_kind == "question":
            approval.decide("respond", by=self.by("ben"), digest=digest, text="Refund it as goodwill")
        else:
            approval.decide("approve", by=self.by("ana"), digest=digest)

    def waiting_for(self, run: Run) -> ApprovalRequest:
        found = self.product.wait_until(lambda: ApprovalRequest.objects.pending().filter(run=run).first())
        return ApprovalRequest.objects.select_related("tool_call").get(pk=found.pk)

    def finished(self, run: Run) -> Run:
        self.product.wait_until(lambda: Run.objects.filter(pk=run.pk, finished_at__isnull=False).exists())
        return Run.objects.get(pk=run.pk)


@pytest.fixture
def desk(demo: Demo, product: Product) -> Desk:
    return Desk(demo, product)


def test_each_ticket_is_allowed_asked_or_denied_as_the_rules_say(desk: Desk) -> None:
    runs = [desk.send(ticket) for ticket in TICKETS]
    desk.product.wait_until(lambda: desk.agree(but_for_amounts_over=Decimal(1000)), seconds=90)
    assert [story(run) for run in runs] == EXPECTED
    statuses = [Run.objects.get(pk=run.pk).status for run in runs]
    assert statuses == ["waiting" if number in (2, 7) else "succeeded" for number in range(20)]
    undo = ApprovalRequest.objects.pending().values_list("undo_seconds", flat=True)
    assert list(undo) == [5, 5]
    happened_once_and_as_approved()


def happened_once_and_as_approved() -> None:
    """What the tables say is what the calls said, each once."""
    done = ToolCall.objects.filter(status="succeeded")
    refunds = {row.call: (row.order.number, row.amount) for row in Refund.objects.select_related("order")}
    before = len(REFUNDED_BEFORE)
    called = {call.pk: (call.arguments["order"], amount(call)) for call in done.filter(tool=REFUND)}
    assert len(refunds) == len(called) + before and refunds.items() >= called.items()
    mails = {row.call: row.to for row in OutgoingMail.objects.all()}
    assert mails == {call.pk: call.arguments["to"] for call in done.filter(tool=MAIL)}
    assert Customer.objects.count() == 19


def test_a_reviewer_edits_the_amount_and_that_is_what_is_paid(desk: Desk) -> None:
    run = desk.send("The desk lamp from order A-1002 is broken.")
    approval = desk.waiting_for(run)
    assert approval.title == "Refund €89.00 to Jonas Weber"
    edit = {**approval.tool_call.arguments, "amount": "60.50"}
    approval.decide("edit", by=desk.by("ana"), digest=bytes(approval.digest), args=edit)
    assert approval.title == "Refund €60.50 to Jonas Weber"
    approval.decide("approve", by=desk.by("ana"), digest=bytes(approval.digest))
    said = result(desk.finished(run))
    assert "refunded €60.50" in said and "A reviewer changed the amount from €89.00." in said
    assert [(row.order.number, row.amount) for row in Refund.objects.filter(order__number="A-1002")] == [
        ("A-1002", Decimal("60.50"))
    ]
    assert "€60.50" in OutgoingMail.objects.get().text


def test_a_rejected_refund_is_explained_and_not_paid(desk: Desk) -> None:
    run = desk.send("The desk lamp from order A-1002 is broken.")
    approval = desk.waiting_for(run)
    approval.decide("reject", by=desk.by("ben"), digest=bytes(approval.digest), reason="ask for a photo first")
    assert "ask for a photo first" in result(desk.finished(run))
    assert not Refund.objects.filter(order__number="A-1002").exists()


def story(run: Run) -> list[tuple[object, ...]]:
    """The calls of a run that are no lookups, with verdict or seats, and the amount of refunds."""
    calls = ToolCall.objects.filter(run=run).exclude(tool__in=["lookup_order", "search_help"])
    return [told(call) for call in in_order(calls)]


def told(call: ToolCall) -> tuple[object, ...]:
    verdict = call.verdict["decision"]
    seats = tuple(seat["group"] for seat in call.verdict["requirement"]["seats"] for _ in range(seat["count"]))
    return (
        call.tool,
        seats if verdict == "ask" else verdict,
        *([call.arguments["amount"]] if call.tool == REFUND else []),
    )


def in_order(calls: Iterable[ToolCall]) -> list[ToolCall]:
    return sorted(calls, key=lambda call: [int(part) for part in call.position.split(".")])


def amount(call: ToolCall) -> Decimal:
    return Decimal(call.arguments.get("amount", "0"))


def result(run: Run) -> str:
    assert run.status == "succeeded" and run.result, run.error
    return str(loads(run.result))
