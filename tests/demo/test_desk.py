"""The scripted desk in conversation: what it proposes, and what it makes of what comes back."""

import json
from typing import Any

from agents.gateway import ModelRequest, scripted
from agents.gateway.types import Block, Message
from agents.runtime.outcomes import EDITED

ORDER: dict[str, Any] = {
    "number": "A-1003", "status": "delivered", "ordered_on": "2026-01-01", "due_on": "2026-01-07",
    "delivered_on": "2026-01-07", "days_late": 0, "days_since_delivery": 3, "currency": "EUR",
    "customer": {"name": "Priya Nair", "email": "priya@example.com"},
    "items": [{"name": "Oak table", "quantity": 1, "price": "1240.00"}],
    "total": "1240.00", "paid": "1240.00", "refunded": "0.00", "refundable": "1240.00",
}  # fmt: skip
REFUNDED = {"refund": "R-7", "order": "A-1003", "amount": "1240.00", "currency": "EUR"}
BROKEN = "The oak table from order A-1003 is broken."


class Talk:
    """A conversation with the desk; `answers` are what the tools return, in order, until it says its last word."""

    def __init__(self, text: str, *answers: Any) -> None:
        self.messages: list[Message] = [{"role": "user", "content": text}]
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.last = ""
        self._go(list(answers))

    def _go(self, answers: list[Any]) -> None:
        while calls := self._turn():
            if len(calls) > len(answers):
                return
            self.messages.append({"role": "user", "content": [result(call, answers.pop(0)) for call in calls]})

    def _turn(self) -> list[Block]:
        reply = scripted.complete(ModelRequest(model="refunds-desk", messages=self.messages))
        assert (reply.provider, reply.model) == ("scripted", "refunds-desk")
        self.messages.append({"role": "assistant", "content": reply.blocks})
        self.asked += [(call["name"], call["input"]) for call in reply.tool_calls]
        self.last = reply.text
        return reply.tool_calls


class Refused(dict[str, Any]):
    """An answer that is an error."""


def result(call: Block, answer: Any) -> Block:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    block = {"type": "tool_result", "tool_use_id": call["id"], "content": text}
    return {**block, "is_error": True} if isinstance(answer, Refused) else block


def refused(type: str, message: str) -> Refused:
    return Refused(type=type, message=message, retryable=False)


def order(**changes: Any) -> dict[str, Any]:
    return {**ORDER, **changes}


def proposed(talk: Talk) -> list[str]:
    return [arguments["amount"] for name, arguments in talk.asked if name == "issue_refund"]


def names(talk: Talk) -> list[str]:
    return [name for name, _ in talk.asked]


def test_it_looks_up_refunds_writes_and_reports() -> None:
    talk = Talk(BROKEN, ORDER, REFUNDED, {"mail": "M-1", "to": "priya@example.com"})
    assert names(talk) == ["lookup_order", "issue_refund", "send_email"]
    assert proposed(talk) == ["1240.00"]
    assert talk.asked[-1][1]["to"] == "priya@example.com"
    assert "refunded €1,240.00 to Priya Nair (R-7)" in talk.last and "Mail to priya@example.com is sent" in talk.last


def test_it_says_why_before_it_proposes() -> None:
    talk = Talk(BROKEN, ORDER)
    assert talk.last.startswith("Priya Nair paid €1,240.00 for order A-1003. I propose to refund €1,240.00 (broken")


def test_the_same_conversation_gets_the_same_answer() -> None:
    assert Talk(BROKEN, ORDER).messages == Talk(BROKEN, ORDER).messages


def test_after_a_rejection_it_gives_the_reason_and_does_not_try_again() -> None:
    talk = Talk(BROKEN, ORDER, refused("rejected", "A reviewer refused this call: ask for a photo first"))
    assert names(talk) == ["lookup_order", "issue_refund"]
    assert "I proposed to refund €1,240.00. A reviewer refused this call: ask for a photo first" in talk.last


def test_after_an_edit_it_goes_on_with_the_edited_amount() -> None:
    edited = json.dumps({**REFUNDED, "amount": "600.00"}) + "\n\n" + EDITED.format(args='{"amount":"600.00"}')
    talk = Talk(BROKEN, ORDER, edited, {"mail": "M-1", "to": "priya@example.com"})
    assert "€600.00" in talk.asked[-1][1]["text"] and "1,240" not in talk.asked[-1][1]["text"]
    assert "refunded €600.00" in talk.last and "A reviewer changed the amount from €1,240.00." in talk.last


def test_a_person_may_answer_in_place_of_the_tool() -> None:
    talk = Talk(BROKEN, ORDER, "Wait for the carrier.\n\nA person answered in place of the tool, which was not called.")
    assert names(talk) == ["lookup_order", "issue_refund"]
    assert "a reviewer answered instead: Wait for the carrier." in talk.last


def test_expired_denied_and_failed_refunds_are_reported_with_their_reason() -> None:
    for type in ("expired", "denied", "more_than_paid", "did_not_happen"):
        talk = Talk(BROKEN, ORDER, refused(type, f"Because of {type}."))
        assert f"I proposed to refund €1,240.00. Because of {type}." in talk.last


def test_a_mail_that_is_refused_is_reported_beside_the_refund() -> None:
    talk = Talk(BROKEN, ORDER, REFUNDED, refused("rejected", "A reviewer refused this call: wrong address"))
    assert "refunded €1,240.00" in talk.last
    assert "The mail to priya@example.com is not sent. A reviewer refused this call: wrong address" in talk.last


def test_it_asks_politely_for_a_missing_order_number() -> None:
    talk = Talk("My teapot is broken, I want my money back")
    assert names(talk) == [] and "Which order is this about?" in talk.last


def test_an_answer_with_the_number_goes_on_in_the_same_conversation() -> None:
    talk = Talk("My table is broken")
    talk.messages.append({"role": "user", "content": [{"type": "text", "text": "Sorry: broken table, A-1003"}]})
    talk._go([ORDER, REFUNDED])
    assert names(talk) == ["lookup_order", "issue_refund", "send_email"]


def test_an_unknown_order_is_asked_about_and_nothing_proposed() -> None:
    talk = Talk(BROKEN, refused("unknown_order", "There is no order A-1003."))
    assert names(talk) == ["lookup_order"] and "Please check the number" in talk.last


def test_a_question_is_answered_from_the_help() -> None:
    talk = Talk("How long can I return things?", [{"title": "Returns", "text": "30 days."}])
    assert names(talk) == ["search_help"] and talk.last == "30 days. (from the help: Returns)"
    assert "no answer" in Talk("What is the weather like?", []).last


def test_a_greeting_is_answered_with_what_it_can_do() -> None:
    assert "I look after refunds" in Talk("hi").last


def test_where_is_my_order() -> None:
    talk = Talk("Where is my order A-1003?", order(status="shipped", delivered_on=None), [])
    assert "issue_refund" not in names(talk) and "shipped, promised for 2026-01-07" in talk.last


def test_what_is_asked_for_is_proposed_but_never_more_than_is_left() -> None:
    assert proposed(Talk("Refund 80 EUR for A-1003", ORDER)) == ["80.00"]
    assert proposed(Talk("Refund 8,000 EUR for A-1003", ORDER)) == ["1240.00"]
    assert proposed(Talk("I want half back for A-1003", ORDER)) == ["620.00"]
    assert proposed(Talk(BROKEN, order(refunded="1200.00", refundable="40.00"))) == ["40.00"]


def test_nothing_is_proposed_where_all_was_refunded() -> None:
    talk = Talk(BROKEN, order(refunded="1240.00", refundable="0.00"))
    assert names(talk) == ["lookup_order"] and "nothing is due: all €1,240.00 were refunded before" in talk.last


def test_only_the_items_concerned_are_refunded() -> None:
    items = [
        {"name": "Stoneware mug", "quantity": 4, "price": "12.45"},
        {"name": "Tray", "quantity": 1, "price": "20.00"},
    ]
    mugs = order(items=items, total="69.80", paid="69.80", refundable="69.80")
    assert proposed(Talk("One of the mugs in A-1003 is broken", mugs)) == ["12.45"]
    assert proposed(Talk("Two of the four mugs in A-1003 are broken", mugs)) == ["24.90"]
    assert proposed(Talk("The mugs in A-1003 are broken", mugs)) == ["49.80"]
    assert proposed(Talk("The tray in A-1003 is broken", mugs)) == ["20.00"]
    assert proposed(Talk("Everything in A-1003 is broken", mugs)) == ["69.80"]


def test_a_second_charge_is_refunded_and_an_imagined_one_is_not() -> None:
    assert proposed(Talk("I was charged twice for A-1003", order(paid="2480.00", refundable="2480.00"))) == ["1240.00"]
    talk = Talk("I was charged twice for A-1003", ORDER)
    assert proposed(talk) == [] and "one payment of €1,240.00 only" in talk.last


def test_lateness_is_worth_a_tenth_once_it_is_three_days() -> None:
    assert proposed(Talk("A-1003 came late", order(days_late=3))) == ["124.00"]
    assert proposed(Talk("A-1003 came late", order(days_late=2))) == []


def test_what_has_not_come_is_lost_after_a_fortnight() -> None:
    under_way = order(status="shipped", delivered_on=None, days_since_delivery=None)
    assert proposed(Talk("A-1003 has not arrived", {**under_way, "days_late": 14})) == ["1240.00"]
    talk = Talk("A-1003 has not arrived", {**under_way, "days_late": 13})
    assert proposed(talk) == [] and "promised for 2026-01-07" in talk.last
    assert "the carrier says delivered on 2026-01-07" in Talk("A-1003 never arrived", ORDER).last


def test_a_late_return_is_for_people_to_grant() -> None:
    old = order(days_since_delivery=31)
    talk = Talk("I want to return A-1003", old, "Refund it as goodwill")
    assert names(talk) == ["lookup_order", "question", "issue_refund"]
    assert talk.asked[1][1]["text"] == "Refund €1,240.00 for A-1003, returned 31 days after delivery?"
    for answer in ("Decline", refused("rejected", "No.")):
        talk = Talk("I want to return A-1003", old, answer)
        assert names(talk) == ["lookup_order", "question"] and "no refund" in talk.last
    assert "question" not in names(Talk("I want to return A-1003", order(days_since_delivery=30)))


def test_a_mail_goes_where_the_customer_wants_it() -> None:
    talk = Talk(BROKEN + " Please write to me at work@example.org", ORDER, REFUNDED)
    assert talk.asked[-1][1]["to"] == "work@example.org"
    talk = Talk("Please send the invoice of A-1003 to tax@example.org", ORDER)
    assert talk.asked[-1] == ("send_email", talk.asked[-1][1]) and "1 × Oak table" in talk.asked[-1][1]["text"]


def test_a_deletion_is_proposed_and_its_denial_explained() -> None:
    talk = Talk(
        "Delete my account priya@example.com", refused("denied", "Rule “Deleting customers” forbids this call.")
    )
    assert talk.asked == [("delete_customer", {"email": "priya@example.com"})]
    assert "is not deleted. Rule “Deleting customers” forbids this call. A colleague has to see to it." in talk.last
    assert "I need the address" in Talk("Please delete my account").last


def test_orders_of_one_ticket_are_refunded_in_one_turn() -> None:
    other = {**order(number="A-1004"), "customer": {"name": "Tom", "email": "tom@example.com"}}
    talk = Talk("A-1003 is broken, and A-1004 is cracked", ORDER, other)
    assert names(talk) == ["lookup_order", "lookup_order", "issue_refund", "issue_refund"]
