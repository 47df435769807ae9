"""What the desk does next: the first step that has something to do has the turn."""

import re

from agents.gateway.scripted import call, say
from agents.gateway.types import Block
from demo.script import answers
from demo.script.case import Case
from demo.script.remedy import DAYS_TO_RETURN, Order, euros, is_past_return, remedy

REFUND, DECLINE = "Refund it as goodwill", "Decline"
GRANTED = re.compile(r"\s*(?:yes|refund|ok|agreed|approve|go ahead)", re.I)


def next_turn(case: Case) -> list[Block]:
    """A sentence, with the calls that it announces; without calls it is the answer."""
    for step in (look_up, search, ask_people, refund, mail, delete):
        if blocks := step(case):
            return blocks
    return [say(answers.final(case))]


def look_up(case: Case) -> list[Block]:
    """Every order that the ticket names, before anything else."""
    new = [number for number in case.ticket.orders if not case.of_tool("lookup_order", order=number)]
    calls = [call("lookup_order", order=number) for number in new]
    return [say(f"I look up {answers.listed(new)}."), *calls] if calls else []


def search(case: Case) -> list[Block]:
    """For a question the help is read; it answers nothing else."""
    if case.ticket.kind != "question" or case.of_tool("search_help"):
        return []
    return [say("I look for an answer in the help."), call("search_help", query=case.ticket.question)]


def ask_people(case: Case) -> list[Block]:
    """What the shop does not promise is for people to grant."""
    late = [one for one in returns(case) if is_past_return(case.ticket, one) and remedy(case.ticket, one).amount]
    return ask(case, late[0]) if late and not case.of_tool("question") else []


def ask(case: Case, order: Order) -> list[Block]:
    """The question, with its two answers."""
    due, days = remedy(case.ticket, order), order["days_since_delivery"]
    text = f"Refund {euros(due.amount)} for {order['number']}, returned {days} days after delivery?"
    return [
        say(f"We promise {DAYS_TO_RETURN} days, so I ask."),
        call("question", text=text, options=[REFUND, DECLINE]),
    ]


def refund(case: Case) -> list[Block]:
    """What is due for each order, all in one turn."""
    new = [order for order in returns(case) if not case.of_tool("issue_refund", order=order["number"])]
    due = [
        (order, found) for order in new if not is_refused(case, order) and (found := remedy(case.ticket, order)).amount
    ]
    if not due:
        return []
    calls = [call("issue_refund", order=o["number"], amount=f"{r.amount:.2f}", reason=r.why[:200]) for o, r in due]
    return [say(" ".join(answers.proposed(order, found) for order, found in due)), *calls]


def mail(case: Case) -> list[Block]:
    """Tell the customer, or whom they name, about each refund; without one only where a mail was asked for."""
    about = case.refunds or [
        {"order": o["number"]} for o in case.orders if case.ticket.wants_mail and not returns(case)
    ]
    new = [done for done in about if not case.of_tool("send_email", order=done["order"])]
    letters = [answers.letter(case, done) for done in new]
    names = answers.listed(list(dict.fromkeys(letter["to"] for letter in letters)))
    return [say(f"I write to {names}."), *(call("send_email", **letter) for letter in letters)] if letters else []


def delete(case: Case) -> list[Block]:
    """Asked for, so proposed; whether an agent may do this is for the rules to say."""
    email = account(case)
    if not case.ticket.wants_deletion or not email or case.of_tool("delete_customer"):
        return []
    return [say(f"The customer asks for the deletion of the account {email}."), call("delete_customer", email=email)]


def returns(case: Case) -> list[Order]:
    """The orders for which the ticket wants money back."""
    is_about_money = case.ticket.kind not in ("", "question") or case.ticket.amount or case.ticket.share
    return case.orders if is_about_money else []


def is_refused(case: Case, order: Order) -> bool:
    """A late return that nobody has granted."""
    granted = any(deed.status == "answered" and GRANTED.match(deed.value) for deed in case.of_tool("question"))
    return is_past_return(case.ticket, order) and not granted


def account(case: Case) -> str:
    """The address of the account: the customer's where an order tells it, else the one in the ticket."""
    known = [order["customer"]["email"] for order in case.orders] + list(case.ticket.addresses)
    return known[0] if known else ""
