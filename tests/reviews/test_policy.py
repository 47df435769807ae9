"""Policies: drafted, put in force, frozen."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from reviews.models import PolicyRevision, PolicySet, Rule
from reviews.policy import values
from tests.factories import House, make_policy
from workspaces.exceptions import Forbidden
from workspaces.models import AuditEntry, Switch

pytestmark = pytest.mark.django_db
ASK = {"name": "ask", "effect": "ask"}


def epoch(house: House) -> int:
    return Switch.objects.get(pk=house.workspace.pk).rules_epoch


def test_a_draft_changes_nothing_until_it_is_put_in_force(house: House) -> None:
    policy = make_policy(house.workspace, ASK)
    before = epoch(house)
    draft = policy.draft([{**ASK, "effect": "deny"}], None)
    assert [rule.effect for rule in Rule.objects.in_force(house.workspace.pk)] == ["ask"]
    assert (draft.number, epoch(house)) == (2, before)
    draft.activate(None)
    assert [rule.effect for rule in Rule.objects.in_force(house.workspace.pk)] == ["deny"]
    assert epoch(house) == before + 1


def test_an_earlier_revision_can_be_put_in_force_again(house: House) -> None:
    policy = make_policy(house.workspace, ASK)
    first = policy.active
    policy.publish([], None)
    assert first and not Rule.objects.in_force(house.workspace.pk)
    first.activate(None)
    assert Rule.objects.in_force(house.workspace.pk).count() == 1


def test_what_has_been_in_force_does_not_change(house: House) -> None:
    policy = make_policy(house.workspace, ASK)
    policy.publish([], None)
    for change in (
        lambda: Rule.objects.update(effect="allow"),
        lambda: Rule.objects.all().delete(),
        lambda: Rule.objects.create(revision=PolicyRevision.objects.get(number=1), name="more", effect="allow"),
        lambda: PolicyRevision.objects.filter(number=1).update(number=7),
    ):
        with pytest.raises(IntegrityError, match="in force"), transaction.atomic():
            change()


def test_only_an_admin_sets_policy(house: House) -> None:
    policy = PolicySet.objects.create(workspace=house.workspace, name="P")
    for name in ("ana", "olga"):
        with pytest.raises(Forbidden):
            policy.publish([ASK], house.by(name))
    policy.publish([ASK], house.by("root"))
    assert AuditEntry.objects.get(kind="policy.activated").actor == "root"


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"condition": "args.amount >"}, "condition"),
        ({"condition": "args.amount + 1 == 'x' ? 1 : 2"}, "condition"),
        ({"seats": [{"count": 0, "group": None}]}, "seats"),
        ({"seats": [{"count": True}]}, "seats"),
        ({"seats": [{"group": "finance"}]}, "seats"),
        ({"seats": [{"count": 1, "group": 7}]}, "seats"),
        ({"seats": [{"count": 1, "who": "ana"}]}, "seats"),
        ({"seats": {"count": 1}}, "seats"),
        ({"seats": [{"count": 21}]}, "seats"),
        ({"labels": ["live"]}, "labels"),
        ({"effect": "maybe"}, "effect"),
        ({"mode": "off"}, "mode"),
        ({"risk": "none"}, "risk"),
        ({"on_expiry": "approve"}, "on_expiry"),
        ({"on_expiry": "respond"}, "__all__"),
        ({"undo_seconds": 1801}, "__all__"),
        ({"deadline_seconds": 0}, "__all__"),
        ({"deadline_seconds": 30 * 86400 + 1}, "__all__"),
        ({"channels": ["fax"]}, "__all__"),
        ({"channels": []}, "channels"),
        ({"name": "\u200b"}, "name"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(house: House, fields: dict[str, Any], where: str) -> None:
    with pytest.raises(ValidationError) as refused, transaction.atomic():
        make_policy(house.workspace, {**ASK, **fields})
    assert where in refused.value.message_dict


def test_the_engine_gets_the_rule_as_it_is_stored(house: House) -> None:
    fields = {"tool": "re*", "agent": "desk", "labels": {"env": "live"}, "condition": "true", "mode": "warn"}
    demands = {"deadline_seconds": 9, "on_expiry": "respond", "on_expiry_text": "later", "edit_allowed": False}
    more: dict[str, Any] = {
        "undo_seconds": 5,
        "risk": "high",
        "channels": ["web", "api"],
        "seats": [{"count": 2, "group": "finance"}],
    }
    make_policy(house.workspace, {**ASK, **fields, **demands, **more}, name="Refunds")
    value = Rule.objects.in_force(house.workspace.pk).get().value()
    assert (value.policy, value.name, value.effect) == ("Refunds", "ask", "ask")
    assert {name: getattr(value, name) for name in fields} == fields
    stored = value.requirement.as_json()
    assert stored == {**demands, **more, "channels": ["api", "web"]}  # as before there was `batchable`
    make_policy(house.workspace, {**ASK, "name": "many", "batchable": True})
    many = Rule.objects.in_force(house.workspace.pk).get(name="many").value().requirement.as_json()
    assert many["batchable"] is True and values.Requirement.read(many).batchable
