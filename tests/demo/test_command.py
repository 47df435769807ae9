"""`manage.py demo`: everything once, fresh links each time."""

import json
from datetime import timedelta

import pytest
from django.core.management.base import CommandError
from django.utils.timezone import now
from pytest_django import Settings

from agents.models import Agent, AgentVersion
from demo.agent import CLAUDE, SCRIPTED
from demo.models import Order
from demo.tickets import TICKETS
from reviews.models import PolicyRevision
from tests.demo.conftest import Demo
from tests.people import make_person
from workspaces.models import AuditEntry, Membership, Person, Scope, SignInLink, Token, Workspace
from workspaces.principal import Principal

pytestmark = pytest.mark.django_db


def test_it_makes_people_in_their_roles_and_groups(demo: Demo) -> None:
    made = demo.start()
    people = {person["name"]: (person["role"], person["groups"]) for person in made["people"]}
    assert people == {
        "olga": ("operator", []),
        "ana": ("approver", ["finance"]),
        "ben": ("approver", ["finance", "support"]),
        "eve": ("engineer", []),
        "root": ("admin", []),
    }
    for name, (role, groups) in people.items():
        membership = Membership.objects.get(person__username=name)
        assert membership.roles == [role] and [group.name for group in membership.groups.all()] == groups
    assert set(Person.objects.filter(is_staff=True).values_list("username", flat=True)) == {"eve", "root"}


def test_each_link_signs_its_person_in_once(demo: Demo) -> None:
    for person in demo.start()["people"]:
        link = SignInLink.objects.find(person["sign_in"].rpartition("/")[2])
        signed_in = link.use()
        assert signed_in and signed_in.username == person["name"]


def test_tokens_open_what_their_people_may_do(demo: Demo) -> None:
    made = demo.start()
    by_name = {person["name"]: Principal.of_token(person["token"]) for person in made["people"]}
    may_vote = {name for name, principal in by_name.items() if principal and principal.may("vote")}
    assert may_vote == {"ana", "ben"}
    assert all(principal and principal.may("view", Scope.APPROVALS_READ) for principal in by_name.values())
    key = Principal.of_token(made["service_key"])
    assert key and key.is_service and key.may("operate") and not key.may("vote")


def test_a_second_start_makes_links_and_nothing_else(demo: Demo) -> None:
    first = demo.start()
    before = counts()
    second = demo.start()
    assert counts() == before
    assert [person["token"] for person in second["people"]] == [person["token"] for person in first["people"]]
    assert second["service_key"] == first["service_key"]
    assert not {person["sign_in"] for person in first["people"]} & {person["sign_in"] for person in second["people"]}


def test_tokens_that_nobody_knows_any_more_are_replaced(demo: Demo) -> None:
    first = demo.start()
    (demo.home / "demo.json").unlink()
    second = demo.start()
    assert Principal.of_token(first["service_key"]) is None
    assert all(Principal.of_token(person["token"]) is None for person in first["people"])
    assert all(Principal.of_token(person["token"]) for person in second["people"])


@pytest.mark.parametrize("text", ["", "{", '{"people": []}'])
def test_an_unreadable_demo_file_is_as_good_as_none(demo: Demo, text: str) -> None:
    (demo.home / "demo.json").write_text(text)
    assert Principal.of_token(demo.start()["service_key"])


def test_a_token_of_another_database_is_replaced(demo: Demo) -> None:
    made = demo.start()
    Token.objects.update(secret_hash=bytes(32))
    assert demo.start()["service_key"] != made["service_key"]


def test_what_people_changed_stays_changed(demo: Demo) -> None:
    demo.start()
    Order.objects.get(number="A-1001").delete()
    Membership.objects.get(person__username="eve").end(None)
    made = demo.start()
    assert not Order.objects.filter(number="A-1001").exists()
    assert "eve" not in [person["name"] for person in made["people"]]


def test_a_login_name_that_is_taken_stops_it(demo: Demo) -> None:
    make_person("ana")
    with pytest.raises(CommandError, match=r"login names that are taken.*--no-demo"):
        demo.start()
    assert not Workspace.objects.exists()


def test_the_agent_brings_its_tickets_and_the_script(demo: Demo) -> None:
    demo.start()
    agent = Agent.objects.get(name="refunds-desk")
    assert agent.examples == TICKETS and len(set(TICKETS)) == 20
    assert agent.active_version and agent.active_version.chain == SCRIPTED


def test_the_agent_follows_the_key(demo: Demo, settings: Settings) -> None:
    demo.start()
    for key, chain, number in [("sk", CLAUDE, 2), ("sk", CLAUDE, 2), ("", SCRIPTED, 3)]:
        settings.ANTHROPIC_API_KEY = key
        demo.start()
        version = Agent.objects.get(name="refunds-desk").active_version
        assert version and (version.chain, version.number) == (chain, number)


def test_a_model_that_somebody_chose_is_kept(demo: Demo, settings: Settings) -> None:
    demo.start()
    chosen = [{"provider": "anthropic", "model": "another"}]
    Agent.objects.get(name="refunds-desk").add_version(chain=chosen)
    settings.ANTHROPIC_API_KEY = "sk"
    demo.start()
    version = Agent.objects.get(name="refunds-desk").active_version
    assert version and version.chain == chosen


def test_the_dates_of_orders_are_recent(shop: Workspace) -> None:
    assert Order.objects.get(number="A-1001").days_since_delivery == 0
    sofa = Order.objects.get(number="A-1008")
    assert (sofa.status, sofa.days_late, sofa.days_since_delivery) == ("shipped", 18, None)
    assert all(order.ordered_on < order.due_on <= now().date() + timedelta(days=1) for order in Order.objects.all())


def counts() -> list[int]:
    models = (Person, Workspace, Membership, Token, Agent, AgentVersion, PolicyRevision, Order)
    return [model._default_manager.count() for model in models]


def test_what_it_prints_is_one_line_of_json(demo: Demo) -> None:
    made = demo.start()
    assert set(made) == {"service_key", "people"}
    assert all(set(one) == {"name", "role", "groups", "sign_in", "token"} for one in made["people"])
    assert json.loads((demo.home / "demo.json").read_text())["people"] == made["people"]


def test_the_agent_and_its_versions_are_in_the_audit(demo: Demo, settings: Settings) -> None:
    demo.start()
    settings.ANTHROPIC_API_KEY = "a key"
    demo.start()
    entries = AuditEntry.objects.filter(kind__startswith="agent.").order_by("pk")

    assert [(entry.kind, entry.actor) for entry in entries] == [
        ("agent.version_added", "system"),
        ("agent.activated", "system"),
    ] * 2
    assert AgentVersion.objects.get(number=2).chain == CLAUDE
