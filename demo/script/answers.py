"""What the desk writes: why it proposes something, letters, and the answer at the end."""

from typing import Any

from demo.script.case import Case, Deed
from demo.script.remedy import Order, Remedy, euros, remedy

NO_ORDER = (
    "Thank you for your message, and sorry for the trouble. Which order is this about? "
    "The number begins with A- and is in the confirmation that we sent, for example A-1001."
)
GREETING = (
    "Hello! I look after refunds: tell me the number of an order (such as A-1001) and what went wrong, "
    "or ask how returns, damage, delays or payments are handled."
)
NO_ANSWER = "The help has no answer to this. A colleague will have to write to the customer."
NO_ACCOUNT = "Which account is to be deleted? I need the address that it belongs to, or the number of an order."


def final(case: Case) -> str:
    """The answer that ends the run: what was done, and what was not and why."""
    parts = [*order_lines(case), *help_lines(case), *mail_lines(case), *deletion_lines(case)]
    return "\n\n".join(parts) if parts else GREETING


def proposed(order: Order, due: Remedy) -> str:
    """Why a refund is proposed; reviewers read it beside the call."""
    customer, paid = order["customer"]["name"], euros(order["paid"])
    return f"{customer} paid {paid} for order {order['number']}. I propose to refund {euros(due.amount)} ({due.why})."


def letter(case: Case, done: dict[str, Any]) -> dict[str, str]:
    """The arguments of a mail about an order, or about its refund where `done` tells an amount."""
    order = next(order for order in case.orders if order["number"] == done["order"])
    customer, number = order["customer"], order["number"]
    others = [address for address in case.ticket.addresses if address.lower() != customer["email"].lower()]
    if "amount" in done:
        subject = f"Your refund for order {number}"
        news = f"we have refunded {euros(done['amount'])} for your order {number}. The money is on its way to you."
    else:
        subject = f"Your order {number}"
        news = f"here is what you asked for. Order {number}: {contents(order)}; paid {euros(order['paid'])}."
    text = f"Dear {customer['name']},\n\n{news}\n\nKind regards\nYour refunds desk"
    return {"order": number, "to": others[0] if others else customer["email"], "subject": subject, "text": text}


def contents(order: Order) -> str:
    """The items in words."""
    return listed([f"{item['quantity']} × {item['name']}" for item in order["items"]])


def order_lines(case: Case) -> list[str]:
    """One paragraph an order; where the ticket needs one and names none, the request for it."""
    if not case.ticket.orders:
        needs_one = case.ticket.kind not in ("", "question") or case.ticket.amount
        return [NO_ORDER] if needs_one and not case.ticket.wants_deletion else []
    if case.ticket.wants_deletion and not case.ticket.kind:
        return []
    return [order_line(case, deed) for deed in case.of_tool("lookup_order")]


def order_line(case: Case, found: Deed) -> str:
    """What became of an order."""
    if not found.succeeded:
        return f"I could not find order {found.asked['order']}: {found.value} Please check the number."
    order = found.value
    refunds = case.of_tool("issue_refund", order=order["number"])
    if refunds:
        return f"Order {order['number']}: {refund_line(refunds[0], order)}"
    questions = case.of_tool("question")
    if questions:
        return f"Order {order['number']}: no refund. I asked, and the answer was: {questions[0].value}"
    return f"Order {order['number']}: {standing(case, order)}"


def standing(case: Case, order: Order) -> str:
    """Where an order stands that nothing was refunded for."""
    if case.ticket.kind not in ("", "question"):
        return f"nothing is due: {remedy(case.ticket, order).why}."
    ask = "" if case.ticket.kind or case.ticket.wants_mail else " What is wrong with it?"
    when = f"on {order['delivered_on']}" if order["delivered_on"] else f"promised for {order['due_on']}"
    return f"{contents(order)}; {order['status']}, {when}.{ask}"


def refund_line(deed: Deed, order: Order) -> str:
    """What became of a proposed refund: the amount that was paid may be a reviewer's."""
    asked = euros(deed.asked["amount"])
    if deed.status == "answered":
        return f"I proposed to refund {asked}; a reviewer answered instead: {deed.value}"
    if not deed.succeeded:
        return f"I proposed to refund {asked}. {deed.value}"
    paid, name = euros(deed.value["amount"]), order["customer"]["name"]
    changed = "" if paid == asked else f" A reviewer changed the amount from {asked}."
    return f"refunded {paid} to {name} ({deed.value['refund']}).{changed}"


def help_lines(case: Case) -> list[str]:
    """The best article, where the ticket asks a question."""
    found = [article for deed in case.of_tool("search_help") if deed.succeeded for article in deed.value]
    if not case.of_tool("search_help"):
        return []
    if found:
        return [f"{found[0]['text']} (from the help: {found[0]['title']})"]
    return [] if case.orders else [NO_ANSWER]


def mail_lines(case: Case) -> list[str]:
    """What became of each mail."""
    return [
        f"Mail to {deed.value['to']} is sent."
        if deed.succeeded
        else f"The mail to {deed.asked['to']} is not sent. {deed.value}"
        for deed in case.of_tool("send_email")
    ]


def deletion_lines(case: Case) -> list[str]:
    """What became of the wish to be deleted."""
    if not case.ticket.wants_deletion:
        return []
    deeds = case.of_tool("delete_customer")
    if not deeds:
        return [NO_ACCOUNT]
    if deeds[0].succeeded:
        return [f"The account {deeds[0].value['deleted']} is deleted."]
    return [f"The account {deeds[0].asked['email']} is not deleted. {deeds[0].value} A colleague has to see to it."]


def listed(names: list[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
