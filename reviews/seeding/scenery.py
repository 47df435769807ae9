"""Who and what an invented workspace consists of: people, groups, agents with versions, tools without code, rules."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from agents.models import Agent, AgentVersion, Tool
from reviews.models import PolicySet
from reviews.people import approvers
from reviews.policy.values import HOUR
from workspaces.models import Group, Membership, Person, Switch, Workspace

DAY = 24 * HOUR
GROUPS = ("finance", "support", "security")
PEOPLE = [
    ("olga", "Olga Brandt", "operator", ()),
    ("omar", "Omar Haddad", "operator", ()),
    ("ana", "Ana Costa", "approver", ("finance",)),
    ("ben", "Ben Okafor", "approver", ("finance", "support")),
    ("cleo", "Cleo Martin", "approver", ("support",)),
    ("dana", "Dana Novak", "approver", ("security",)),
    ("finn", "Finn Sørensen", "approver", ("finance", "security")),
    ("gita", "Gita Rao", "approver", ("support",)),
    ("hugo", "Hugo Lambert", "approver", ()),
    ("eve", "Eve Larsen", "engineer", ()),
    ("root", "Root Admin", "admin", ()),
]


def an_object(**properties: dict[str, Any]) -> dict[str, Any]:
    """The schema of an object with exactly these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": False,
    }


TEXT = {"type": "string", "minLength": 1, "maxLength": 2000}
AMOUNT = {"type": "string", "pattern": "^[0-9]{1,7}[.][0-9]{2}$"}
COUNT = {"type": "integer", "minimum": 1, "maximum": 365}
ADDRESS = an_object(street=TEXT, city=TEXT, postcode=TEXT)
TOOLS: list[dict[str, Any]] = [
    {"name": "find_order", "effect": "read", "schema": an_object(order=TEXT)},
    {"name": "find_article", "effect": "read", "schema": an_object(query=TEXT)},
    {"name": "refund_payment", "schema": an_object(order=TEXT, amount=AMOUNT, currency=TEXT, reason=TEXT)},
    {"name": "mail_customer", "reaches": "outside", "schema": an_object(to=TEXT, subject=TEXT, text=TEXT)},
    {"name": "move_address", "effect": "keyed", "schema": an_object(customer=TEXT, address=ADDRESS)},
    {"name": "pay_invoice", "reaches": "outside", "schema": an_object(invoice=TEXT, iban=TEXT, amount=AMOUNT, to=TEXT)},
    {"name": "grant_access", "schema": an_object(person=TEXT, system=TEXT, role=TEXT, days=COUNT)},
    {"name": "deploy_release", "schema": an_object(service=TEXT, version=TEXT, percent={"enum": [5, 25, 50, 100]})},
    {"name": "delete_customer", "schema": an_object(email=TEXT)},
]
AGENTS = {
    "refunds": ["find_order", "find_article", "refund_payment", "mail_customer", "delete_customer"],
    "payables": ["find_order", "pay_invoice", "mail_customer"],
    "access-desk": ["find_article", "grant_access", "mail_customer"],
    "releases": ["find_article", "deploy_release"],
    "customer-care": ["find_order", "find_article", "move_address", "mail_customer", "delete_customer"],
}
INSTRUCTIONS = [
    "You work at the {name} desk. Read the request, look things up, propose what is due, and report.",
    "You work at the {name} desk. Look up before you propose. Say in one sentence why. Never guess a number.",
    "You work at the {name} desk. Look up before you propose, and ask people where the facts do not settle it.",
]


def rule(name: str, tool: str, effect: str = "ask", condition: str = "", **demands: Any) -> dict[str, Any]:
    """A rule for browser and personal tokens."""
    fields = {"name": name, "tool": tool, "effect": effect, "condition": condition}
    return fields | {"channels": ["web", "api"], "deadline_seconds": DAY} | demands


def seats(*groups: str | None) -> list[dict[str, Any]]:
    """One seat for each of these groups."""
    return [{"count": 1, "group": group} for group in groups]


RULES = [
    rule("Reading is free", "find_*", "allow", risk="low"),
    rule("Refunds", "refund_payment", seats=seats("finance"), deadline_seconds=3 * DAY),
    rule(
        "Refunds over 1,000",
        "refund_payment",
        condition="double(args.amount) > 1000.0",
        seats=seats("finance", None),
        risk="high",
        undo_seconds=5,
        deadline_seconds=DAY,
    ),
    rule("Mail to customers", "mail_customer", seats=seats("support"), risk="low", deadline_seconds=7 * DAY),
    rule("New addresses", "move_address", risk="low", deadline_seconds=7 * DAY, on_expiry="keep_waiting"),
    rule("Invoices", "pay_invoice", seats=seats("finance"), risk="high"),
    rule("Access", "grant_access", seats=seats("security"), deadline_seconds=3 * DAY),
    rule("Releases to everybody", "deploy_release", condition="args.percent == 100", seats=seats(None, None)),
    rule("Releases", "deploy_release", risk="low", deadline_seconds=2 * DAY),
    rule("Deleting customers", "delete_customer", "deny", risk="high"),
    rule("Questions", "question", risk="low", deadline_seconds=7 * DAY, on_expiry="keep_waiting"),
]


@dataclass(frozen=True, slots=True)
class Scenery:
    """The workspace as stories need it."""

    workspace: Workspace
    people: dict[str, Person]
    approvers: dict[int, frozenset[str]]
    versions: list[AgentVersion]
    rules_epoch: int

    @property
    def starters(self) -> list[Person]:
        """Who sends work."""
        return [self.people[name] for name in ("olga", "omar", "eve")]


@transaction.atomic
def build(slug: str) -> Scenery:
    """Found the workspace; login names end with its slug, so that they are free."""
    workspace = Workspace.objects.found(slug.replace("-", " ").title(), slug)
    groups = {name: Group.objects.create(workspace=workspace, name=name) for name in GROUPS}
    people = {}
    for username, name, role, of in PEOPLE:
        person = Person.objects.create_user(f"{username}.{slug}", name=name)
        Membership.objects.join(workspace, person, [role], [groups[group] for group in of])
        people[username] = person
    for fields in TOOLS:
        Tool.objects.create(
            workspace=workspace, is_recorded=True, description="Invented: no code is behind it.", **fields
        )
    PolicySet.objects.create(workspace=workspace, name="House rules").publish(RULES, None)
    versions = [version for name, tools in AGENTS.items() for version in _versions(workspace, name, tools, people)]
    epoch = Switch.objects.values_list("rules_epoch", flat=True).get(pk=workspace.pk)
    return Scenery(workspace, people, approvers(workspace.pk), versions, epoch)


def _versions(workspace: Workspace, name: str, tools: list[str], people: dict[str, Person]) -> list[AgentVersion]:
    agent = Agent.objects.create(
        workspace=workspace, name=name, description=f"Works for the {name} desk.", owner=people["eve"]
    )
    chain = [{"provider": "recorded", "model": "recording"}]
    return [
        agent.add_version(
            instructions=text.format(name=name), tools=[*tools, "question"], chain=chain, created_by=people["eve"]
        )
        for text in INSTRUCTIONS
    ]
