"""Invented pieces of work: what was asked for, what the agent proposed, and what people said about it."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

CUSTOMERS = ["Marta Ruiz", "Jonas Weber", "Aiko Tanaka", "Liam Byrne", "Nadia Petrova", "Chidi Eze", "Sofia Rossi"]
CITIES = [
    ("Quai des Lilas 4", "Lyon", "69003"),
    ("Hafenstraße 12", "Hamburg", "20457"),
    ("Rua Augusta 90", "Lisboa", "1100"),
]
REASONS = ["arrived broken", "charged twice", "sent back in time", "two weeks late", "a wrong item"]
SUPPLIERS = ["Nordholz GmbH", "Atelier Brun", "Kestrel Freight", "Lumen Print"]
SYSTEMS = ["warehouse", "billing", "payroll", "analytics"]
SERVICES = ["checkout", "search", "stock", "mailer"]
REFUSALS = ["The receipt is missing.", "Over the limit that was agreed.", "Not this week.", "The customer wrote again."]
ENDINGS = {"approved": 78, "edited": 6, "rejected": 9, "answered": 2, "expired": 5}
MEDIAN_SECONDS, SPREAD = 240.0, 1.4


@dataclass(frozen=True, slots=True)
class Ask:
    """One proposed call with its end: allowed, denied, one of ENDINGS, withdrawn, or open."""

    tool: str
    args: dict[str, Any]
    title: str
    ending: str
    wait: float = 0.0
    edited: dict[str, Any] | None = None
    said: str = ""
    value: Any = None
    fails: bool = False


@dataclass(slots=True)
class Story:
    """One run: turns of the model with the calls of each; `end` is the run's status, waiting for an open one."""

    agent: str
    ticket: str
    turns: list[tuple[str, list[Ask]]] = field(default_factory=list)
    last: str = ""
    end: str = "succeeded"


type Maker = Callable[[Random], tuple[dict[str, Any], str, Any]]


def _order(chance: Random) -> str:
    return f"A-{chance.randint(1000, 9999)}"


def _amount(chance: Random) -> str:
    return f"{math.exp(chance.gauss(5.0, 1.1)):.2f}"


def _refund(chance: Random) -> tuple[dict[str, Any], str, Any]:
    order, amount, customer = _order(chance), _amount(chance), chance.choice(CUSTOMERS)
    args = {"order": order, "amount": amount, "currency": "EUR", "reason": f"{customer}: {chance.choice(REASONS)}"}
    return args, f"Refund €{float(amount):,.2f} to {customer}", {"refund": f"R-{chance.randint(1, 99999)}"}


def _mail(chance: Random) -> tuple[dict[str, Any], str, Any]:
    customer, order = chance.choice(CUSTOMERS), _order(chance)
    to = customer.lower().replace(" ", ".") + "@example.com"
    text = f"Dear {customer},\n\nwe have looked into order {order} and it is settled.\n\nYour team"
    return {"to": to, "subject": f"Your order {order}", "text": text}, f"Mail {to} about order {order}", "sent"


def _move(chance: Random) -> tuple[dict[str, Any], str, Any]:
    customer, (street, city, postcode) = chance.choice(CUSTOMERS), chance.choice(CITIES)
    address = {"street": street, "city": city, "postcode": postcode}
    return {"customer": customer, "address": address}, f"Move {customer} to {city}", "moved"


def _invoice(chance: Random) -> tuple[dict[str, Any], str, Any]:
    amount, supplier = _amount(chance), chance.choice(SUPPLIERS)
    args = {"invoice": f"INV-{chance.randint(100, 9999)}", "amount": amount, "to": supplier}
    iban = f"DE{chance.randint(10, 99)}50010517{chance.randint(10**9, 10**10 - 1)}"
    return args | {"iban": iban}, f"Pay €{float(amount):,.2f} to {supplier}", {"payment": chance.randint(1, 99999)}


def _access(chance: Random) -> tuple[dict[str, Any], str, Any]:
    person, system, days = chance.choice(CUSTOMERS), chance.choice(SYSTEMS), chance.choice([1, 7, 30, 90])
    role = chance.choice(["reader", "editor", "owner"])
    args = {"person": person, "system": system, "role": role, "days": days}
    return args, f"Make {person} {role} of {system} for {days} days", "granted"


def _release(chance: Random) -> tuple[dict[str, Any], str, Any]:
    service, percent = chance.choice(SERVICES), chance.choice([5, 25, 50, 100])
    version = f"{chance.randint(1, 9)}.{chance.randint(0, 40)}.{chance.randint(0, 9)}"
    args = {"service": service, "version": version, "percent": percent}
    return args, f"Release {service} {version} to {percent} %", {"healthy": True}


def _question(chance: Random) -> tuple[dict[str, Any], str, Any]:
    text = f"Order {_order(chance)}: may I go over the limit here?"
    return {"text": text, "options": ["Yes", "No"]}, text, None


def _find(chance: Random) -> tuple[dict[str, Any], str, Any]:
    order = _order(chance)
    customer = {"name": chance.choice(CUSTOMERS), "since": chance.randint(2009, 2026)}
    return (
        {"order": order},
        f'find_order(order: "{order}")',
        {"order": order, "paid": _amount(chance), "customer": customer},
    )


WRITES: dict[str, dict[str, Maker]] = {
    "refunds": {"refund_payment": _refund, "mail_customer": _mail},
    "payables": {"pay_invoice": _invoice, "mail_customer": _mail},
    "access-desk": {"grant_access": _access, "mail_customer": _mail},
    "releases": {"deploy_release": _release},
    "customer-care": {"move_address": _move, "mail_customer": _mail},
}
EDITABLE: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "refund_payment": lambda args: args | {"amount": f"{float(args['amount']) * 0.9:.2f}"},
    "mail_customer": lambda args: args | {"text": args["text"] + "\n\nP.S. We are sorry for the trouble."},
    "grant_access": lambda args: args | {"role": "reader", "days": 2},
    "pay_invoice": lambda args: args | {"amount": f"{float(args['amount']) - 0.01:.2f}"},
}


def decided(chance: Random, asks: int) -> Story:
    """A finished run in which people decided about so many calls."""
    story = _begun(chance)
    left = asks
    while left:
        calls = min(left, chance.choice([1, 1, 2, 3]))
        left -= calls
        story.turns.append((_words(chance), [_ask(chance, story.agent, _ending(chance)) for _ in range(calls)]))
    story.end = chance.choices(["succeeded", "failed", "cancelled"], [93, 4, 3])[0]
    if story.end == "cancelled" and asks:
        words, taken = story.turns.pop()
        story.turns.append((words, [_ask(chance, story.agent, "withdrawn") for _ in taken]))
    elif story.end == "cancelled":
        story.end = "succeeded"
    story.last = "All of it is done; what was refused is named above."
    return story


def waiting(chance: Random, asks: int) -> Story:
    """A run that waits for people to decide about so many calls."""
    story = _begun(chance)
    story.turns.append((_words(chance), [_ask(chance, story.agent, "open") for _ in range(asks)]))
    story.end = "waiting"
    return story


def _begun(chance: Random) -> Story:
    agent = chance.choices(list(WRITES), [45, 15, 12, 8, 20])[0]
    story = Story(
        agent, f"{chance.choice(CUSTOMERS)} writes about {_order(chance)}: it {chance.choice(REASONS)}. Please help."
    )
    if agent in ("refunds", "payables", "customer-care"):
        args, title, value = _find(chance)
        story.turns.append(("I look the order up first.", [Ask("find_order", args, title, "allowed", value=value)]))
    if agent in ("refunds", "customer-care") and chance.random() < 0.02:
        email = {"email": "somebody@example.com"}
        title = 'delete_customer(email: "somebody@example.com")'
        story.turns.append(("They ask to be forgotten.", [Ask("delete_customer", email, title, "denied")]))
    return story


def _ask(chance: Random, agent: str, ending: str) -> Ask:
    makers = WRITES[agent]
    tool = chance.choices([*makers, "question"], [6, 3, 0.4] if len(makers) == 2 else [9, 0.4])[0]
    args, title, value = (_question if tool == "question" else makers[tool])(chance)
    if tool == "question" and ending not in ("open", "withdrawn"):
        ending = "answered"
    if ending == "edited" and tool not in EDITABLE:
        ending = "approved"
    edited = EDITABLE[tool](args) if ending == "edited" else None
    said = {"rejected": chance.choice(REFUSALS), "answered": "Yes"}.get(ending, "")
    wait = min(max(math.exp(chance.gauss(math.log(MEDIAN_SECONDS), SPREAD)), 1.2), 40_000.0)
    return Ask(tool, args, title, ending, wait, edited, said, value, fails=chance.random() < 0.03)


def _ending(chance: Random) -> str:
    return chance.choices(list(ENDINGS), list(ENDINGS.values()))[0]


def _words(chance: Random) -> str:
    return chance.choice(
        [
            "The facts are clear, so I propose this.",
            "This is what our terms promise in such a case, so I propose it.",
            "I checked the history of this customer; nothing speaks against it.",
        ]
    )
