import re
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils.timezone import now

from tests.people import acting, make_member, make_token, make_workspace
from workspaces.exceptions import Forbidden, NotFound, Unprocessable
from workspaces.models import AuditEntry, Group, Membership, Scope, Token
from workspaces.principal import Principal

RIGHTS = ["view", "operate", "vote", "engineer", "administer"]


@pytest.mark.parametrize(
    ("roles", "rights"),
    [
        (["viewer"], ["view"]),
        (["operator"], ["view", "operate"]),
        (["approver"], ["view", "operate", "vote"]),
        (["engineer"], ["view", "operate", "engineer"]),
        (["admin"], ["view", "operate", "engineer", "administer"]),
        (["admin", "approver"], RIGHTS),
    ],
)
def test_what_each_role_may_do(acme, roles, rights):
    person = make_member(acme, "olga", *roles)
    assert [right for right in RIGHTS if acting(person).may(right)] == rights


@pytest.mark.parametrize(
    ("scopes", "rights"),
    [
        (["runs:read"], ["view"]),
        (["runs:write"], ["operate", "engineer"]),
        (["approvals:decide"], ["vote"]),
        (["approvals:read", "config:read", "traces:write"], []),
        (Scope.values, ["view", "operate", "vote", "engineer"]),
    ],
)
def test_a_personal_token_may_do_what_both_its_person_and_its_scopes_may(acme, scopes, rights):
    person = make_member(acme, "root", *["viewer", "operator", "approver", "engineer", "admin"])
    principal = Principal.of_token(make_token(person, *scopes))
    assert [right for right in RIGHTS if principal.may(right)] == rights


def test_a_scope_does_not_lift_the_person(acme):
    principal = Principal.of_token(make_token(make_member(acme, "vera", "viewer"), *Scope.values))
    assert [right for right in RIGHTS if principal.may(right)] == ["view"]


def test_a_service_key_views_and_operates_and_nothing_else(acme, root):
    scopes = [scope for scope in Scope.values if scope != "approvals:decide"]
    principal = Principal.of_token(make_token(root, *scopes, kind="service"))
    assert principal.is_service
    assert [right for right in RIGHTS if principal.may(right)] == ["view", "operate"]
    assert (principal.roles, principal.groups, principal.person) == (frozenset(), frozenset(), root)


def test_a_narrower_scope_stands_in_for_the_usual_one(acme, olga):
    principal = Principal.of_token(make_token(olga, "approvals:read"))
    assert not principal.may("view")
    assert principal.may("view", scope="approvals:read")
    assert principal.holds("approvals:read") and not principal.holds("traces:write")


def test_the_browser_lacks_no_scope(olga):
    assert acting(olga).holds("traces:write")


def test_what_is_required_is_refused_by_name(acme, olga):
    acting(olga).require("operate")
    with pytest.raises(Forbidden, match=r"olga cannot do this in Acme\. It needs the role approver\."):
        acting(olga).require("vote")
    with pytest.raises(Forbidden, match=r"It needs the scope runs:write\."):
        Principal.of_token(make_token(olga, "runs:read")).require("operate")


def test_roles_and_groups_are_those_of_one_workspace(acme, ana):
    other = make_workspace("Other")
    finance = Group.objects.create(workspace=other, name="finance")
    Membership.objects.join(other, ana, ["viewer"], [finance])
    assert (acting(ana, acme).roles, acting(ana, acme).groups) == ({"approver"}, frozenset())
    assert (acting(ana, other).roles, acting(ana, other).groups) == ({"viewer"}, {"finance"})


def test_sam_finds_no_such_workspace(acme, sam):
    with pytest.raises(NotFound):
        Principal.of_session(sam, acme)


def test_a_person_who_was_locked_out_finds_no_such_workspace(acme, olga):
    olga.admit(False, by=None)
    with pytest.raises(NotFound):
        Principal.of_session(olga, acme)


def test_a_token_is_recognised_by_its_text_alone(acme, olga):
    raw = make_token(olga, "runs:read")
    assert re.fullmatch(r"cs_[a-z2-7]{10}_[a-z2-7]{52}", raw)
    principal = Principal.of_token(raw)
    assert (principal.workspace, principal.person, principal.channel) == (acme, olga, "api")
    assert (principal.name, principal.key) == ("olga by laptop", f"token:{principal.token.pk}")


def test_the_secret_is_stored_nowhere(acme, olga):
    secret = make_token(olga, "runs:read").rsplit("_", 1)[1]
    token = Token.objects.get()
    stored = {**vars(token), "audit": list(AuditEntry.objects.values_list("detail", flat=True))}
    assert secret not in str(stored) and secret.encode() not in bytes(token.secret_hash)


@pytest.mark.parametrize("spoil", ["{}x", "{}\n", " {}", "x{}", "", "' OR '1'='1", "cs__", "cs_\x00_", "Bearer {}"])
def test_a_text_that_is_not_the_token_opens_nothing(olga, spoil):
    assert Principal.of_token(spoil.format(make_token(olga, "runs:read"))) is None


def test_the_secret_of_another_token_opens_nothing(olga):
    one, other = make_token(olga, "runs:read"), make_token(olga, "runs:read")
    assert Principal.of_token(one.rsplit("_", 1)[0] + "_" + other.rsplit("_", 1)[1]) is None


def test_an_expired_token_opens_nothing(olga):
    assert Principal.of_token(make_token(olga, "runs:read", expires_at=now() - timedelta(seconds=1))) is None
    assert Principal.of_token(make_token(olga, "runs:read", expires_at=now() + timedelta(minutes=1)))


def test_a_revoked_token_opens_nothing_and_that_is_audited_once(acme, olga):
    raw = make_token(olga, "runs:read")
    token = Token.objects.get()
    for _ in range(2):
        token.revoke(acting(olga))
    assert Principal.of_token(raw) is None
    assert AuditEntry.objects.filter(kind="token.revoked", object=f"token:{token.pk}").count() == 1


def test_olga_may_not_revoke_another_person_s_token(acme, olga, ana):
    make_token(ana, "runs:read")
    with pytest.raises(Forbidden):
        Token.objects.get().revoke(acting(olga))
    assert Token.objects.get().revoked_at is None


def test_the_tokens_of_a_person_who_left_open_nothing(acme, olga, root):
    personal, key = make_token(olga, "runs:read"), make_token(olga, "runs:read", kind="service")
    olga.memberships.get().end(acting(root))
    assert Principal.of_token(personal) is None
    assert Principal.of_token(key) is None


def test_the_tokens_of_a_person_who_was_locked_out_open_nothing(acme, olga):
    raw = make_token(olga, "runs:read")
    olga.admit(False, by=None)
    assert Principal.of_token(raw) is None


def test_the_last_use_is_noted_once_a_minute(olga, django_assert_num_queries):
    raw = make_token(olga, "runs:read")
    Principal.of_token(raw)
    first = Token.objects.get().last_used_at
    Principal.of_token(raw)
    assert Token.objects.get().last_used_at == first
    Token.objects.update(last_used_at=now() - timedelta(seconds=61))
    Principal.of_token(raw)
    assert Token.objects.get().last_used_at >= first


def test_a_service_key_that_would_vote_is_refused_by_verb_and_database(acme, root):
    with pytest.raises(Unprocessable, match="never votes"):
        make_token(root, "approvals:decide", kind="service")
    token = Token(workspace=acme, person=root, name="x", kind="service", scopes=["approvals:decide"], secret_hash=b"")
    with pytest.raises(IntegrityError):
        token.save()


@pytest.mark.parametrize("scopes", [["everything"], []])
def test_a_token_for_an_unknown_scope_or_for_none_is_refused(olga, scopes):
    with pytest.raises(ValidationError):
        make_token(olga, *scopes)


def test_service_keys_are_made_by_admins_and_personal_tokens_by_their_person(acme, olga, root):
    key = Token(workspace=acme, person=olga, name="key", kind="service", scopes=["runs:read"])
    with pytest.raises(Forbidden):
        key.issue(by=acting(olga))
    with pytest.raises(Forbidden):
        Token(workspace=acme, person=olga, name="hers", kind="personal", scopes=["runs:read"]).issue(by=acting(root))
    assert key.issue(by=acting(root))


def test_recognising_a_token_takes_three_queries(olga, django_assert_max_num_queries):
    raw = make_token(olga, "runs:read")
    Principal.of_token(raw)
    with django_assert_max_num_queries(3):
        Principal.of_token(raw)


def test_a_token_that_was_never_made_opens_nothing(olga):
    assert Principal.of_token(f"cs_{'a' * 10}_{'b' * 52}") is None
