"""Policies, as an admin edits them: by making the next revision."""

import pytest

from reviews.models import PolicyRevision, PolicySet, Rule
from tests.admin.pages import act, page, sent, text
from tests.factories import make_policy
from workspaces.models import AuditEntry, Switch

REFUNDS = {"name": "refunds", "tool": "refund", "effect": "ask", "condition": "args.amount > 50", "risk": "high"}
LOOKUPS = {"name": "lookups", "tool": "find", "effect": "allow", "channels": ["web", "api"]}


@pytest.fixture
def policy(house) -> PolicySet:
    return make_policy(house.workspace, REFUNDS, LOOKUPS)


@pytest.fixture
def client(house, visit):
    return visit(house.root)


def rules_of(revision: PolicyRevision) -> dict[str, Rule]:
    return {rule.name: rule for rule in revision.rules.all()}


def next_of(policy: PolicySet) -> str:
    assert policy.active
    return page(PolicyRevision, "add") + f"?from={policy.active.pk}"


def test_a_policy_begins_with_a_name_and_its_first_rules(house, client):
    sent(client, page(PolicySet, "add"), workspace=house.workspace.pk, name="Money")
    policy = PolicySet.objects.get()
    assert AuditEntry.objects.filter(kind="policy.kept", actor="root").exists()
    [(address, _)] = act(client, PolicySet, "edit_rules", policy).redirect_chain
    one = {
        "rules-0-name": "refunds",
        "rules-0-tool": "refund",
        "rules-0-effect": "ask",
        "rules-0-seats": '[{"count": 2, "group": "finance"}]',
    }
    sent(client, address, **one)
    policy.refresh_from_db()
    assert policy.active and policy.active.created_by == house.root
    rule = policy.active.rules.get()
    assert (rule.name, rule.seats, rule.channels) == ("refunds", [{"count": 2, "group": "finance"}], ["web"])


def test_editing_a_rule_makes_a_revision_and_leaves_the_old_one_as_it_was(house, client, policy):
    first, before = policy.active, Switch.objects.get(pk=house.workspace.pk).rules_epoch
    answer = sent(client, next_of(policy), **{"rules-0-condition": "args.amount > 1000"})
    assert f"{policy.name} r2” was added" in text(answer)
    policy.refresh_from_db()
    assert policy.active and policy.active.number == 2
    new = rules_of(policy.active)
    assert (new["refunds"].condition, new["refunds"].risk) == ("args.amount > 1000", "high")
    assert (new["lookups"].effect, new["lookups"].channels) == ("allow", ["web", "api"])
    assert rules_of(first)["refunds"].condition == "args.amount > 50"
    assert Switch.objects.get(pk=house.workspace.pk).rules_epoch == before + 1
    assert AuditEntry.objects.filter(kind="policy.activated", actor="root").exists()


def test_a_rule_is_taken_out_and_another_put_in(client, policy):
    added = {f"rules-2-{name}": value for name, value in {"name": "mail", "tool": "send_*", "effect": "deny"}.items()}
    defaults = {
        "rules-2-" + name: value
        for name, value in {
            "agent": "*",
            "labels": "{}",
            "mode": "enforce",
            "risk": "low",
            "seats": '[{"count": 1}]',
            "channels": ["web"],
            "deadline_seconds": 60,
            "on_expiry": "reject",
            "undo_seconds": 0,
        }.items()
    }
    sent(client, next_of(policy), **{"rules-0-DELETE": "on", "rules-TOTAL_FORMS": 3}, **(added | defaults))
    policy.refresh_from_db()
    assert policy.active and set(rules_of(policy.active)) == {"lookups", "mail"}


def test_a_draft_counts_only_once_it_is_put_in_force(client, policy):
    first = policy.active
    sent(client, next_of(policy), **{"put_in_force": "", "rules-0-effect": "deny"})
    policy.refresh_from_db()
    assert policy.active == first
    act(client, PolicyRevision, "put_in_force", policy.revisions.get(number=2))
    policy.refresh_from_db()
    assert policy.active and policy.active.number == 2


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("condition", "args.amount >", "This condition cannot be read"),
        ("condition", "size(args)", "A condition says true or false"),
        ("condition", "__class__.__mro__", "This condition cannot be read"),
        ("condition", "amount > 5", "Conditions know args"),
        ("seats", '[{"count": 0}]', "Seats are a list"),
        ("seats", '[{"count": 99, "group": null}]', "At most 20 people"),
        ("labels", "[1]", "Labels are an object"),
        ("name", "lookups", "duplicate"),
        ("undo_seconds", "5000", "taken back for 1,800 seconds at most"),
        ("on_expiry", "respond", "needs the text of that answer"),
        ("deadline_seconds", "0", "30 days at most"),
    ],
)
def test_a_rule_that_cannot_be_judged_is_refused_beside_its_field(client, policy, field, value, sentence):
    answer = sent(client, next_of(policy), **{f"rules-0-{field}": value})
    assert PolicyRevision.objects.count() == 1
    assert sentence in text(answer)


def test_no_revision_is_edited(client, policy):
    opened = client.get(page(policy.active))
    assert not opened.context["has_change_permission"]
    assert "args.amount > 50" in text(opened)
    assert client.post(page(policy.active), {"rules-0-name": "x"}).status_code == 403


def test_a_policy_is_switched_off(client, policy):
    act(client, PolicySet, "switch_off", policy)
    policy.refresh_from_db()
    assert policy.active is None
    assert AuditEntry.objects.filter(kind="policy.switched_off", actor="root").exists()


def test_nobody_copies_a_strangers_rules(house, visit, policy):
    opened = visit(house.sam).get(next_of(policy))
    assert opened.context["adminform"].form.initial == {"policy_set": None}
    assert "args.amount" not in text(opened)


def test_nobody_makes_rules_for_a_stranger(house, visit, policy):
    make_policy(house.sam.memberships.get().workspace, name="Own")
    answer = sent(visit(house.sam), page(PolicyRevision, "add"), policy_set=policy.pk)
    assert "That choice is not one of the available choices" in text(answer)
    assert policy.revisions.count() == 1
