import re

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from tests.people import acting, make_member, make_token, make_workspace
from workspaces.admin import ScopedModelAdmin
from workspaces.models import AuditEntry, Group, Membership, Person, SignInLink, Token, Workspace
from workspaces.principal import Principal


@pytest.fixture
def other(db):
    """Another company, with an admin, a group and a token of its own."""
    other = make_workspace("Umbrella")
    alice = make_member(other, "alice", "admin")
    Group.objects.create(workspace=other, name="secret-group")
    make_token(alice, "runs:read", name="secret-token")
    return other


@pytest.fixture
def browser(root):
    client = Client()
    client.force_login(root)
    return client


def list_of(model):
    return reverse(f"admin:workspaces_{model}_changelist")


def add(model):
    return reverse(f"admin:workspaces_{model}_add")


def change(row):
    return reverse(f"admin:workspaces_{row._meta.model_name}_change", args=[row.pk])


MODELS = ["person", "membership", "group", "token", "workspace", "auditentry"]


@pytest.mark.parametrize("model", MODELS)
def test_root_sees_the_rows_of_acme_and_nothing_of_umbrella(browser, acme, olga, other, model):
    Group(workspace=acme, name="finance").keep(None)
    make_token(olga, "runs:read")
    response = browser.get(list_of(model))
    page = response.content.decode()
    assert response.status_code == 200
    assert response.context["cl"].result_count >= 1
    assert not re.search("Umbrella|alice|secret-", page, re.IGNORECASE)


def test_a_row_of_umbrella_is_not_there_by_address_either(browser, other):
    rows = [*Membership.objects.filter(workspace=other), *other.groups.all(), *other.tokens.all(), other]
    rows += [*Person.objects.filter(username="alice"), *AuditEntry.objects.filter(workspace=other)]
    for row in rows:
        response = browser.get(change(row))
        assert response.status_code == 302 and response["Location"] == reverse("admin:index"), row


def test_choices_offer_nothing_of_umbrella(browser, acme, olga, other):
    for address in (add("membership"), add("group"), add("token"), change(olga.memberships.get())):
        assert not re.search("Umbrella|alice|secret-", browser.get(address).content.decode(), re.IGNORECASE)


def test_a_forged_choice_of_umbrella_is_refused(browser, acme, other, sam):
    browser.post(add("group"), {"workspace": other.pk, "name": "finance"})
    browser.post(add("token"), {"workspace": other.pk, "kind": "service", "name": "x", "scopes": ["runs:read"]})
    browser.post(add("membership"), {"workspace": other.pk, "person": sam.pk, "roles": ["admin"]})
    assert (other.groups.count(), other.tokens.count(), other.memberships.count()) == (1, 1, 1)


@pytest.mark.parametrize("roles", [[], ["viewer"], ["operator"], ["approver"], ["engineer"]])
@pytest.mark.parametrize("model", MODELS)
def test_whoever_is_no_admin_sees_no_such_page(acme, root, roles, model):
    person = make_member(acme, "eve", *roles) if roles else Person.objects.create_superuser("eve")
    Person.objects.filter(pk=person.pk).update(is_staff=True)
    client = Client()
    client.force_login(person)
    assert client.get(list_of(model)).status_code == 403
    if model != "auditentry":
        assert client.post(add(model), {}).status_code == 403


def test_sam_is_asked_to_sign_in(acme, sam):
    client = Client()
    client.force_login(sam)
    assert client.get(list_of("person")).status_code == 302


@pytest.mark.parametrize(
    ("model", "lookup"),
    [
        ("person", "password__startswith=a"),
        ("token", "secret_hash__gt=a"),
        ("token", "person__password__startswith=a"),
        ("membership", "person__tokens__prefix=a"),
        ("auditentry", "workspace__tokens__name=secret-token"),
    ],
)
def test_lookups_that_answer_questions_are_refused(browser, model, lookup):
    assert browser.get(f"{list_of(model)}?{lookup}").status_code == 400


def test_root_changes_roles_through_the_verb(browser, acme, olga):
    finance = Group.objects.create(workspace=acme, name="finance")
    epoch = acme.switch.rules_epoch
    membership = olga.memberships.get()
    browser.post(change(membership), {"roles": ["approver", "viewer"], "groups": [finance.pk]})
    acme.switch.refresh_from_db()
    assert acting(olga).roles == {"approver", "viewer"} and acting(olga).groups == {"finance"}
    assert acme.switch.rules_epoch > epoch
    assert AuditEntry.objects.filter(kind="membership.changed", actor="root").exists()


def test_a_member_does_not_become_somebody_else(browser, acme, olga, ana):
    membership = olga.memberships.get()
    browser.post(change(membership), {"person": ana.pk, "workspace": acme.pk, "roles": ["viewer"]})
    membership.refresh_from_db()
    assert (membership.person, membership.roles) == (olga, ["viewer"])


def test_root_ends_a_membership_through_the_verb(browser, acme, olga):
    browser.post(reverse("admin:workspaces_membership_delete", args=[olga.memberships.get().pk]), {"post": "yes"})
    assert not olga.memberships.exists()
    assert AuditEntry.objects.filter(kind="membership.ended", actor="root").exists()


def test_a_new_person_is_a_member_from_the_start(browser, acme):
    form = {"username": "nora", "name": "Nora", "is_active": "on", "password": "a long pass phrase"}
    browser.post(add("person"), {**form, "workspace": acme.pk, "roles": ["operator"]})
    nora = Person.objects.get(username="nora")
    assert acting(nora, acme).roles == {"operator"}
    assert nora.check_password("a long pass phrase") and not nora.is_staff


def test_a_hidden_field_makes_nobody_a_superuser(browser, acme, olga):
    browser.post(
        change(olga), {"username": "olga", "name": "Olga", "is_active": "on", "is_superuser": "on", "is_staff": "on"}
    )
    olga.refresh_from_db()
    assert (olga.name, olga.is_superuser, olga.is_staff) == ("Olga", False, False)


def test_root_locks_olga_out(browser, acme, olga):
    browser.post(change(olga), {"username": "olga", "name": "Olga", "password": ""})
    olga.refresh_from_db()
    assert not olga.is_active
    assert AuditEntry.objects.filter(kind="person.locked_out", actor="root").exists()


def test_root_may_look_at_but_not_change_a_person_who_also_belongs_to_umbrella(browser, acme, olga, other):
    Membership.objects.join(other, olga, ["viewer"])
    olga.set_password("old pass phrase")
    olga.save()
    page = browser.get(change(olga)).content.decode()
    assert "olga" in page and olga.password not in page and "Umbrella" not in page
    assert (
        browser.post(change(olga), {"username": "olga", "name": "O", "password": "new pass phrase"}).status_code == 403
    )
    olga.refresh_from_db()
    assert olga.check_password("old pass phrase")


def test_a_new_token_is_shown_once(browser, acme, root):
    form = {"workspace": acme.pk, "kind": "service", "name": "crm", "scopes": ["runs:read", "runs:write"]}
    page = browser.post(add("token"), form, follow=True).content.decode()
    [raw] = set(re.findall(r"cs_[a-z2-7]{10}_[a-z2-7]{52}", page))
    assert Principal.of_token(raw).is_service
    assert raw not in browser.get(list_of("token")).content.decode()
    assert raw not in browser.get(change(Token.objects.get())).content.decode()


def test_a_service_key_that_would_vote_is_refused_with_a_message(browser, acme):
    form = {"workspace": acme.pk, "kind": "service", "name": "crm", "scopes": ["approvals:decide"]}
    page = browser.post(add("token"), form, follow=True).content.decode()
    assert "A service key never votes" in page and not Token.objects.exists()


def test_a_token_is_not_edited_and_not_deleted_but_revoked(browser, acme, olga):
    raw = make_token(olga, "runs:read")
    token = Token.objects.get()
    browser.post(change(token), {"name": "other", "scopes": ["runs:write"]})
    browser.post(reverse("admin:workspaces_token_delete", args=[token.pk]), {"post": "yes"})
    assert Token.objects.get().name == "laptop"
    browser.post(list_of("token"), {"action": "revoke", "_selected_action": [token.pk]})
    assert Principal.of_token(raw) is None


def test_an_action_on_a_row_of_umbrella_does_nothing(browser, acme, other):
    foreign = other.tokens.get()
    browser.post(list_of("token"), {"action": "revoke", "_selected_action": [foreign.pk]})
    foreign.refresh_from_db()
    assert foreign.revoked_at is None


def test_the_audit_can_be_read_and_not_touched(browser, acme):
    entry = AuditEntry.objects.filter(workspace=acme).first()
    assert browser.get(change(entry)).status_code == 200
    assert browser.post(change(entry), {"actor": "sam"}).status_code == 403
    assert browser.get(add("auditentry")).status_code == 403
    delete = reverse("admin:workspaces_auditentry_delete", args=[entry.pk])
    assert browser.post(delete, {"post": "yes"}).status_code == 403


def test_root_renames_and_founds_workspaces_and_deletes_none(browser, acme, root):
    browser.post(change(acme), {"name": "Acme Ltd", "slug": "stolen"})
    browser.post(add("workspace"), {"name": "Second", "slug": "second"})
    acme.refresh_from_db()
    assert acme.name == "Acme Ltd" and acme.slug.startswith("acme-")
    assert acting(root, Workspace.objects.get(slug="second")).may("administer")
    delete = reverse("admin:workspaces_workspace_delete", args=[acme.pk])
    assert browser.post(delete, {"post": "yes"}).status_code == 403


def test_pages_keep_the_strict_content_security_policy(browser, acme, olga):
    for address in (list_of("membership"), add("person"), add("token"), change(olga.memberships.get())):
        response = browser.get(address)
        page = response.content.decode()
        assert "script-src 'self'" in response["Content-Security-Policy"]
        assert not re.search(r"<script(?![^>]*(\bsrc=|type=\"application/json\"))", page)
        assert not re.search(r"\son\w+=\"|\sstyle=\"", page)


def test_names_are_shown_as_text(browser, acme, olga):
    olga.name = "<script>alert(1)</script>{{ 7*7 }}"
    olga.save()
    page = browser.get(list_of("person")).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}" in page


def test_every_page_of_ours_is_scoped():
    """Whoever registers a model with Django's own ModelAdmin shows all workspaces to everybody."""
    ours = {"workspaces", "tracing", "agents", "reviews", "demo"}
    unscoped = [
        model.__name__
        for model, page in admin.site._registry.items()
        if model._meta.app_label in ours and not isinstance(page, ScopedModelAdmin)
    ]
    assert unscoped == []


def test_links_and_answers_to_programs_are_on_no_page():
    assert not admin.site.is_registered(SignInLink)
