"""after_restore: a database that comes out of a backup, with a world that went on without it."""

import os
import subprocess
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models.functions import Now
from django.utils.timezone import now

from agents.exceptions import LostClaim
from agents.models import Presence, Run, Schedule, ToolCall
from agents.runtime.claim import Claim
from agents.runtime.commit import Segment
from config.embedded.places import postgres_binaries
from config.embedded.services import OWNER
from config.home import ROOT
from reviews.models import ApprovalRequest
from tests.factories import make_agent, make_call, make_house, make_run
from tests.ledger.tools import lines
from tests.product import Product
from workspaces import audit, events
from workspaces.exceptions import Unprocessable
from workspaces.models import Event, Switch


def after_restore() -> str:
    said = StringIO()
    call_command("after_restore", stdout=said)
    return said.getvalue()


def tool(name: str, *arguments: str) -> bytes:
    """One of PostgreSQL's programs on the test's server, as its owner."""
    command = [str(postgres_binaries()[0] / name), "-h", connection.settings_dict["HOST"], "-U", OWNER, *arguments]
    return subprocess.run(command, capture_output=True, check=True).stdout


def restored_from_a_dump(product: Product) -> None:
    """The product's database as a dump has it, in a database that was made anew."""
    dump = product.home / "backup.dump"
    tool("pg_dump", "-Fc", "-f", str(dump), product.database)
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    tool("dropdb", "--force", product.database)
    tool("createdb", product.database)
    tool("pg_restore", "-d", product.database, str(dump))


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    monkeypatch.setenv("LEDGER", str(tmp_path / "ledger"))


def test_a_call_that_was_under_way_in_the_backup_is_asked_and_everything_goes_on(product, ledger) -> None:
    house = make_house()
    agent = make_agent(house.workspace, "clerk", ["ledger_look", "ledger_put", "ledger_pay"],
                       chain=[{"provider": "scripted", "model": "ledger"}])  # fmt: skip
    run = make_run(agent, house.olga, input='"go"', status="queued")
    known = {"GATE": "agents.runtime.gate.AllowAll", "TOOL_MODULES": "tests.ledger.story", "PYTHONPATH": str(ROOT)}
    product.start("sweep", COUNTERSIGN_CRASH="submitted:2:stop", **known)
    product.wait_until(lambda: ToolCall.objects.filter(effect__in=["keyed", "unsafe"], status="executing").count() == 2)
    claim_of_before = Run.objects.get(pk=run.pk).epoch
    product.kill("sweep")

    restored_from_a_dump(product)
    Presence.objects.update(beat_at=Now())
    with pytest.raises(CommandError, match="Stop these first"):
        after_restore()
    Presence.objects.update(beat_at="2020-01-01T00:00:00Z")
    said = after_restore()

    assert "1 unfinished runs" in said and "1 unsafe calls had started" in said and "1 keyed calls" in said
    run.refresh_from_db()
    assert (run.status, run.lease_until, run.epoch > claim_of_before + 100_000) == ("queued", None, True)
    approval = ApprovalRequest.objects.get(status="pending")
    assert (approval.subject_kind, approval.tool_call.tool) == ("in_doubt", "ledger_pay")

    product.start("sweep", name="after", **known)
    product.wait_until(lambda: Run.objects.get(pk=run.pk).status == "waiting")
    approval.decide("happened", by=house.by("ana"), digest=approval.digest, result="paid c", reason="the bank says so")
    product.wait_until(lambda: Run.objects.get(pk=run.pk).status == "succeeded")
    assert len(set(lines())) == len(lines()) and {line.split()[0] for line in lines()} == {"pay", "put"}


@pytest.fixture
def house(transactional_db):
    return make_house()


def test_what_would_start_unasked_is_in_doubt_and_what_waits_for_people_waits(house) -> None:
    run = make_run(house.agent, house.olga)
    calls = {
        "approved": make_call(run),
        "undoable": make_call(run, arguments={"amount": 4, "order": "A-4"}),
        "waiting": make_call(run, arguments={"amount": 2, "order": "A-2"}),
        "ready": make_call(run, arguments={"amount": 3, "order": "A-3"}, status="ready"),
        "read": make_call(run, "find", {}, status="ready"),
    }
    approval = ApprovalRequest.objects.get(tool_call=calls["approved"])
    approval.decide("approve", by=house.by("ana"), digest=approval.digest)
    ToolCall.objects.filter(pk=calls["undoable"].pk).update(decided="ready", effective_at=now())

    after_restore()
    after_restore()

    statuses = {name: ToolCall.objects.get(pk=call.pk).status for name, call in calls.items()}
    assert statuses == dict.fromkeys(calls, "in_doubt") | {"waiting": "waiting", "read": "ready"}
    assert ApprovalRequest.objects.filter(status="pending", subject_kind="in_doubt").count() == 3


def test_a_worker_of_before_can_write_nothing(house) -> None:
    run = make_run(house.agent, house.olga, status="queued")
    claim = Claim.take(run.pk)
    rules = Switch.objects.get(pk=house.workspace.pk).rules_epoch
    after_restore()
    with pytest.raises(LostClaim):
        claim.commit(Segment(rows=[], to="failed"))
    assert Switch.objects.get(pk=house.workspace.pk).rules_epoch > rules + 100_000


def test_a_schedule_that_may_have_started_since_the_backup_is_paused(house) -> None:
    fields = {"workspace": house.workspace, "agent": house.agent, "input": '"go"', "cron": "0 7 * * *"}
    over = Schedule.objects.create(**fields, owner=house.olga, next_at=now() - timedelta(hours=1))
    to_come = Schedule.objects.create(**fields, owner=house.olga, next_at=now() + timedelta(hours=1))
    assert "1 schedules" in after_restore()
    over.refresh_from_db(), to_come.refresh_from_db()
    assert (over.paused, to_come.paused) == (True, False) and "restored" in over.problem


def test_everybody_signs_in_again(house) -> None:
    Session.objects.create(session_key="k", session_data="", expire_date=now())
    assert "1 sessions" in after_restore()
    assert not Session.objects.exists()


def test_events_of_another_server_keep_their_order_before_new_ones(house) -> None:
    for number in (1, 2):
        events.record(house.workspace.pk, "run", "run.waiting", None, number)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE workspaces_event SET xid = '99999999999999' WHERE number = 2")
    cursor_of_before = str(Event.objects.get(number=2).cursor)

    after_restore()
    events.record(house.workspace.pk, "run", "run.waiting", None, 3)

    found = Event.objects.after("", house.workspace)[0]
    numbers = [event.number for event in found if event.number]
    assert numbers in ([1, 2], [1, 2, 3])  # the last is shown once no older transaction is open
    with pytest.raises(Unprocessable, match="restored"):
        Event.objects.after(cursor_of_before, house.workspace)


def test_the_audit_says_which_entries_are_gone_and_holds_again(house, settings, tmp_path) -> None:
    settings.COUNTERSIGN_HOME = tmp_path
    for number in range(3):
        audit.record(house.workspace.pk, None, "test", str(number))
    audit.chain()
    seq, _ = audit.home.remembered_head(house.workspace.pk)
    audit.home.remember_head(house.workspace.pk, seq + 4, os.urandom(32))  # entries after the backup
    assert not audit.verify(house.workspace.pk).is_whole

    assert "1 audits are shorter" in after_restore()
    audit.chain()

    assert audit.verify(house.workspace.pk).is_whole
    entry = house.workspace.audit_entries.get(kind="database.restored")
    assert f'"kept":{seq}' in entry.detail and f'"remembered":{seq + 4}' in entry.detail
