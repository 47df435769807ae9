import os
import stat
from contextlib import contextmanager
from io import StringIO
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from tests.people import acting, all_at_once, make_token, make_workspace
from workspaces import audit
from workspaces.models import AuditEntry, Workspace
from workspaces.principal import Principal


@pytest.fixture
def chain(django_capture_on_commit_callbacks):
    """Chain as a sweep does, what it does after its commit included."""

    def chained(batch=1000):
        with django_capture_on_commit_callbacks(execute=True):
            return audit.chain(batch)

    return chained


@pytest.fixture
def acme(db, home, chain) -> Workspace:
    """A workspace whose audit has twelve chained entries, in batches of five."""
    workspace = make_workspace()
    for number in range(11):
        audit.record(workspace.pk, None, "tool_call.started", uuid4(), {"number": number})
    while chain(batch=5):
        pass
    return workspace


@contextmanager
def unguarded():
    """What only the owner of the database can do."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        yield cursor
        cursor.execute("SET session_replication_role = DEFAULT")


def test_an_entry_tells_who_did_what_by_which_way(acme, olga):
    token = Principal.of_token(make_token(olga, "runs:write", workspace=acme))
    audit.record(acme.pk, token, "run.started", uuid4(), {"b": 1, "a": "é"})
    audit.record(acme.pk, acting(olga, acme), "run.cancelled", "run:7")
    by_token, in_browser = AuditEntry.objects.order_by("-id")[:2][::-1]
    assert (by_token.actor, by_token.channel, by_token.token_id) == ("olga by laptop", "api", token.token.pk)
    assert (in_browser.actor, in_browser.channel, in_browser.token_id) == ("olga", "web", None)
    assert by_token.person_id == in_browser.person_id == olga.pk
    assert by_token.detail == '{"a":"é","b":1}'


def test_an_entry_of_something_undone_is_not_there(acme):
    with transaction.atomic():
        audit.record(acme.pk, None, "run.started", uuid4())
        transaction.set_rollback(True)
    assert AuditEntry.objects.filter(workspace=acme).count() == 12


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM workspaces_auditentry",
        "UPDATE workspaces_auditentry SET detail = '[]' WHERE chain_seq IS NULL",
        "UPDATE workspaces_auditentry SET detail = '[]', chain_seq = 99, hash = 'x' WHERE chain_seq IS NULL",
        "UPDATE workspaces_auditentry SET chain_seq = NULL, hash = NULL, signature = NULL",
        "UPDATE workspaces_auditentry SET signature = 'x' WHERE chain_seq = 1",
        "INSERT INTO workspaces_auditentry (workspace_id, actor, channel, kind, object, detail, chain_seq, hash)"
        " SELECT workspace_id, actor, channel, kind, object, detail, 99, hash FROM workspaces_auditentry LIMIT 1",
    ],
)
def test_the_database_refuses_to_change_the_audit(acme, statement):
    audit.record(acme.pk, None, "run.started", uuid4())
    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_database_refuses_to_empty_the_audit(acme):
    """This one trigger is off while tests run, because they empty every table when they end."""
    with (
        pytest.raises(DatabaseError, match="The audit only grows"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE workspaces_auditentry ENABLE TRIGGER audit_is_never_truncated")
        cursor.execute("TRUNCATE workspaces_auditentry CASCADE")


def test_a_whole_chain_is_found_whole(acme):
    assert audit.verify(acme.pk) == audit.Finding(checked=12, bad_seq=None, problem="", unchained=0)


def test_the_tail_that_is_not_chained_yet_is_counted_apart(acme):
    audit.record(acme.pk, None, "run.started", uuid4())
    assert audit.verify(acme.pk) == audit.Finding(checked=12, bad_seq=None, problem="", unchained=1)


def test_every_batch_ends_with_a_signature(acme):
    signed = AuditEntry.objects.filter(workspace=acme, signature__isnull=False).order_by("chain_seq")
    assert list(signed.values_list("chain_seq", flat=True)) == [5, 10, 12]


def test_the_key_is_made_on_first_use_and_readable_by_its_owner_only(acme, home, chain):
    key = home / "audit.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes()
    audit.record(acme.pk, None, "run.started", uuid4())
    chain()
    assert key.read_bytes() == before
    assert sorted(os.listdir(home)) == ["audit-heads", "audit.key"]


def test_a_home_that_cannot_be_written_leaves_entries_unchained_until_it_can(acme, home, chain, settings):
    audit.record(acme.pk, None, "run.started", uuid4())
    settings.COUNTERSIGN_HOME = home / "audit.key"  # a file, so nothing can be put into it
    assert chain() == 0
    settings.COUNTERSIGN_HOME = home
    assert (audit.verify(acme.pk).unchained, chain()) == (1, 1)


def test_each_workspace_has_a_chain_of_its_own(acme, chain):
    other = make_workspace("Other")
    chain()
    assert list(AuditEntry.objects.filter(workspace=other).values_list("chain_seq", flat=True)) == [1]
    assert audit.verify(other.pk).is_whole and audit.verify(acme.pk).is_whole


@pytest.mark.django_db(transaction=True)
def test_an_open_transaction_elsewhere_does_not_hold_the_chain_up(acme):
    with transaction.atomic():
        make_workspace("Slow")
        [chained] = all_at_once(1, lambda: (audit.record(acme.pk, None, "run.started", uuid4()), audit.chain())[1])
    assert chained == 1


@pytest.mark.django_db(transaction=True)
def test_many_sweeps_chain_every_entry_once(acme):
    for _ in range(60):
        audit.record(acme.pk, None, "run.started", uuid4())

    def sweep():
        while AuditEntry.objects.filter(workspace=acme, chain_seq=None).exists():
            audit.chain(batch=7)

    assert all_at_once(4, sweep) == [None] * 4
    assert audit.verify(acme.pk) == audit.Finding(checked=72, bad_seq=None, problem="", unchained=0)


@pytest.mark.parametrize("seq", [1, 4, 5, 11, 12])
@pytest.mark.parametrize(
    "change",
    [
        "actor = 'sam'",
        "kind = kind || '!'",
        "object = ''",
        "detail = '{\"number\":99}'",
        "channel = 'web'",
        "person_id = 1",
        "token_id = 1",
        "created_at = created_at + interval '1 microsecond'",
        "hash = sha256(hash)",
    ],
)
def test_a_changed_entry_is_found_with_its_number(acme, seq, change):
    with unguarded() as cursor:
        cursor.execute(
            f"UPDATE workspaces_auditentry SET {change} WHERE workspace_id = {acme.pk} AND chain_seq = {seq}"
        )
        assert cursor.rowcount == 1
    assert audit.verify(acme.pk).bad_seq == seq


@pytest.mark.parametrize("seq", [1, 6, 10, 11, 12])
def test_a_deleted_entry_is_found_with_its_number(acme, seq):
    with unguarded() as cursor:
        cursor.execute("DELETE FROM workspaces_auditentry WHERE workspace_id = %s AND chain_seq = %s", [acme.pk, seq])
    assert audit.verify(acme.pk).bad_seq == seq


def test_a_tail_cut_at_a_signature_is_found_because_the_home_remembers_the_newest_link(acme):
    with unguarded() as cursor:
        cursor.execute("DELETE FROM workspaces_auditentry WHERE workspace_id = %s AND chain_seq > 5", [acme.pk])
    finding = audit.verify(acme.pk)
    assert (finding.bad_seq, finding.problem) == (6, "entry 6 is missing: this home remembers 12")


def test_entries_that_changed_places_are_found_at_the_first(acme):
    with unguarded() as cursor:
        for old, new in ((3, 99), (8, 3), (99, 8)):
            cursor.execute(
                "UPDATE workspaces_auditentry SET chain_seq = %s WHERE workspace_id = %s AND chain_seq = %s",
                [new, acme.pk, old],
            )
    assert audit.verify(acme.pk).bad_seq == 3


def test_an_entry_put_in_between_is_found(acme):
    with unguarded() as cursor:
        cursor.execute(
            "UPDATE workspaces_auditentry SET chain_seq = chain_seq + 100 WHERE workspace_id = %s AND chain_seq >= 4",
            [acme.pk],
        )
        cursor.execute(
            "INSERT INTO workspaces_auditentry (workspace_id, actor, channel, kind, object, detail, chain_seq, hash)"
            " SELECT workspace_id, actor, channel, kind, object, detail, 4, hash FROM workspaces_auditentry"
            " WHERE workspace_id = %s AND chain_seq = 3",
            [acme.pk],
        )
        cursor.execute(
            "UPDATE workspaces_auditentry SET chain_seq = chain_seq - 99 WHERE workspace_id = %s AND chain_seq > 100",
            [acme.pk],
        )
    assert audit.verify(acme.pk).bad_seq == 4


def test_an_entry_moved_to_another_workspace_is_found_there(acme, chain):
    other = make_workspace("Other")
    chain()
    with unguarded() as cursor:
        cursor.execute("DELETE FROM workspaces_auditentry WHERE workspace_id = %s", [other.pk])
        cursor.execute("UPDATE workspaces_auditentry SET workspace_id = %s WHERE chain_seq = 1", [other.pk])
    assert audit.verify(other.pk).bad_seq == 1


def test_a_chain_that_was_rewritten_is_found_by_its_signature(acme, home, chain, tmp_path_factory, settings):
    """Who can write rows but has not the key computes all hashes anew, and signs with a key of their own."""
    settings.COUNTERSIGN_HOME = tmp_path_factory.mktemp("thief")
    with unguarded() as cursor:
        cursor.execute(
            "UPDATE workspaces_auditentry SET chain_seq = NULL, hash = NULL, signature = NULL,"
            " detail = '{}' WHERE workspace_id = %s AND chain_seq > 7",
            [acme.pk],
        )
    chain()
    assert audit.verify(acme.pk).problem == "the signature of entry 5 is not by this home's audit.key"
    settings.COUNTERSIGN_HOME = home
    assert audit.verify(acme.pk).bad_seq == 12


def test_without_the_key_nothing_is_taken_on_trust(acme, home):
    (home / "audit.key").unlink()
    finding = audit.verify(acme.pk)
    assert (finding.bad_seq, finding.problem) == (
        5,
        "the signature of entry 5 cannot be checked: there is no audit.key in this home",
    )


def test_another_key_in_its_place_is_found(acme, home):
    other = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (home / "audit.key").write_bytes(other)
    assert audit.verify(acme.pk).bad_seq == 5


def test_the_command_says_that_all_is_well(acme):
    output = StringIO()
    call_command("verify_audit", stdout=output)
    assert output.getvalue() == f"{acme.slug}: 12 entries hold\n"


def test_the_command_names_the_bad_entry_and_fails(acme):
    audit.record(acme.pk, None, "run.started", uuid4())
    with unguarded() as cursor:
        cursor.execute("UPDATE workspaces_auditentry SET actor = 'sam' WHERE chain_seq = 7")
    bad = AuditEntry.objects.get(workspace=acme, chain_seq=7).pk
    output = StringIO()
    with pytest.raises(CommandError):
        call_command("verify_audit", "--workspace", acme.slug, stdout=output)
    said = f"BROKEN: entry 7 (id {bad}) is not what was written, or not in its place; 1 not chained yet\n"
    assert output.getvalue() == f"{acme.slug}: {said}"


def test_the_command_knows_no_such_workspace(acme):
    with pytest.raises(CommandError, match="no workspace nowhere"):
        call_command("verify_audit", "--workspace", "nowhere")
