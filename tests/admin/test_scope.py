"""Who sees what on the admin site."""

import pytest
from django.test import Client

from agents.models import Agent, AgentVersion, Budget, Schedule, Tool
from agents.scheduling import keep_schedule
from reviews.models import ApprovalRequest, Delivery, Endpoint, PolicyRevision, PolicySet
from tests.admin.pages import act, page, registered, text
from tests.factories import make_approval, make_policy
from tests.people import make_token
from tests.reviews.receiver import receiver
from tests.reviews.webhooks import registered as endpoint_of
from workspaces.models import AuditEntry, Group, Membership, Person, Token, Workspace


@pytest.fixture
def furnished(house, settings):
    """A workspace that has one of everything."""
    with receiver() as hook:
        settings.OUTBOUND_ALLOWED = [hook.place]
        endpoint, _ = endpoint_of(house.workspace, hook.url)
        endpoint.send_test(house.by("root"))
    Budget.objects.create(workspace=house.workspace, period="day", unit="tokens", hard=1)
    make_policy(house.workspace, {"name": "refunds", "tool": "refund", "effect": "ask"})
    approval = make_approval(house)
    approval.decide("approve", by=house.by("ana"), digest=bytes(approval.digest))
    make_token(house.root, "runs:read")
    schedule = Schedule(agent=house.agent, input='"hello"', cron="0 7 * * *")
    keep_schedule(schedule, house.by("root"))
    return house


def rows_of(house) -> list:
    """One row of each model that has pages."""
    workspace = house.workspace
    found = {
        Workspace: Workspace.objects.filter(pk=workspace.pk),
        Person: Person.objects.filter(username="olga"),
        PolicyRevision: PolicyRevision.objects.filter(policy_set__workspace=workspace),
        AgentVersion: AgentVersion.objects.filter(agent__workspace=workspace),
    }
    decided = {
        model: model.objects.filter(approval__workspace=workspace)
        for model in registered()
        if model.__name__ == "Decision"
    }
    return [
        (found | decided).get(model, model._default_manager.filter(**scope(model, workspace))).first()
        for model in registered()
    ]


def scope(model, workspace) -> dict:
    return {"workspace": workspace} if any(field.name == "workspace" for field in model._meta.fields) else {}


def test_an_admin_opens_every_list_and_every_row(furnished, visit):
    client = visit(furnished.root)
    for row in rows_of(furnished):
        assert row is not None
        assert client.get(page(type(row))).status_code == 200, row
        assert client.get(page(row)).status_code == 200, row


def test_a_stranger_who_is_admin_elsewhere_finds_none_of_it(furnished, visit):
    client = visit(furnished.sam)
    for row in rows_of(furnished):
        listed = client.get(page(type(row)))
        assert listed.status_code == 200
        assert row.pk not in [each.pk for each in listed.context["cl"].result_list], row
        assert client.get(page(row), follow=True).redirect_chain[0][0] == "/admin/", row
        assert client.post(page(row), {"_save": "1"}, follow=True).redirect_chain[0][0] == "/admin/", row


def test_a_stranger_is_offered_nothing_of_ours_to_choose(furnished, visit):
    client = visit(furnished.sam)
    ours = [furnished.workspace.name, "olga", "desk", "finance", "Policy"]
    for model in registered():
        response = client.get(page(model, "add"))
        assert response.status_code in (200, 403), model
        if response.status_code == 200:
            body = text(response)
            assert not any(f">{name}</option>" in body or f">{name.title()}</option>" in body for name in ours), model


def test_an_action_on_a_strangers_rows_does_nothing(furnished, visit):
    policy = PolicySet.objects.get()
    answer = act(visit(furnished.sam), PolicySet, "switch_off", policy)
    policy.refresh_from_db()
    assert policy.active is not None
    assert "There is nothing here by that name." in text(answer)


def test_an_action_on_own_and_foreign_rows_together_is_refused_whole(furnished, visit):
    own = make_policy(furnished.sam.memberships.get().workspace, {"name": "mine", "effect": "deny"})
    foreign = PolicySet.objects.get(workspace=furnished.workspace)
    act(visit(furnished.sam), PolicySet, "switch_off", own, foreign)
    assert not PolicySet.objects.filter(active=None).exists()


def test_an_action_on_what_is_no_key_is_refused(furnished, visit):
    client = visit(furnished.root)
    for model, key in [(PolicySet, "1 OR 1=1"), (Endpoint, "../1"), (Delivery, "")]:
        answer = client.post(page(model), {"action": "delete_selected", "_selected_action": [key]}, follow=True)
        assert answer.status_code == 200


def test_an_engineer_sees_agents_versions_tools_and_schedules_and_nothing_else(furnished, ines, visit):
    client = visit(ines)
    seen = {model for model in registered() if client.get(page(model)).status_code == 200}
    assert seen == {Agent, AgentVersion, Schedule, Tool}


@pytest.mark.parametrize("name", ["olga", "ana"])
def test_who_neither_administers_nor_engineers_finds_no_admin_site(furnished, visit, name):
    client = visit(getattr(furnished, name))
    assert client.get("/admin/", follow=True).status_code == 404
    assert client.get(page(Agent), follow=True).status_code == 404


def test_a_visitor_is_sent_to_the_door_that_is_throttled_and_audited(db):
    answer = Client().get("/admin/agents/agent/")
    assert answer.status_code == 302
    answer = Client().get(answer["Location"])
    assert answer["Location"] == "/sign-in?next=%2Fadmin%2Fagents%2Fagent%2F"


def test_a_superuser_without_a_role_sees_nothing(furnished, visit):
    visitor = visit(Person.objects.create_superuser("super", "pw"))
    assert {visitor.get(page(model)).status_code for model in registered()} == {403}


def test_a_page_asks_the_database_little(furnished, visit, django_assert_max_num_queries):
    client = visit(furnished.root)
    for model in (Agent, Delivery, AuditEntry):
        with django_assert_max_num_queries(12):
            client.get(page(model))


def test_rights_end_with_the_role(furnished, visit):
    client = visit(furnished.root)
    assert client.get(page(Endpoint)).status_code == 200
    Membership.objects.get(person=furnished.root).change(roles=["engineer"], groups=[], by=None)
    assert client.get(page(Endpoint)).status_code == 403


@pytest.mark.parametrize("model", [ApprovalRequest, Delivery, AuditEntry])
def test_records_are_only_read(furnished, visit, model):
    client, row = visit(furnished.root), model._default_manager.filter(workspace=furnished.workspace).first()
    assert client.get(page(model, "add")).status_code == 403
    assert client.post(page(row), {"_save": "1"}).status_code == 403
    assert client.post(page(row, "delete"), {"post": "yes"}).status_code == 403


def test_what_has_a_history_is_not_deleted(furnished, visit):
    client = visit(furnished.root)
    for model in (Agent, AgentVersion, Tool, PolicySet, PolicyRevision, Endpoint, Token, Workspace, Person):
        row = next(one for one in rows_of(furnished) if type(one) is model)
        assert client.post(page(row, "delete"), {"post": "yes"}).status_code == 403, model
        act(client, model, "delete_selected", row)
        assert model._default_manager.filter(pk=row.pk).exists()


def test_a_group_is_dissolved_by_its_verb(furnished, visit):
    act_on = Group.objects.get(workspace=furnished.workspace, name="support")
    visit(furnished.root).post(page(act_on, "delete"), {"post": "yes"})
    assert not Group.objects.filter(pk=act_on.pk).exists()
    assert AuditEntry.objects.filter(kind="group.dissolved", actor="root").exists()


def test_passwords_are_not_set_past_the_verb(furnished, visit):
    assert visit(furnished.root).get("/admin/password_change/").status_code == 404
