"""Where runs could be stuck, doubled or let loose: orphans, cancellation, changed rules, changed tools, odd values."""

import pytest

from agents.models import Run, ToolCall
from agents.runtime import crash, database, statements
from agents.runtime.advance import advance
from agents.runtime.claim import MAX_LAPSES
from agents.runtime.flow import flow, served
from tests.agents.conftest import asks, says
from tests.ledger.tools import lines
from workspaces.models import Event, Switch

pytestmark = pytest.mark.django_db(transaction=True)
PAST = "2020-01-01T00:00Z"


def crashed(run):
    """The worker ends right after it has written a call's intent, and its lease and the call's deadline are over."""
    crash._armed = crash._Armed("started:1:raise")
    try:
        with pytest.raises(crash.Crashed):
            advance(run.pk)
    finally:
        crash._armed = None
    age(run)


def age(run):
    Run.objects.filter(pk=run.pk, status="running").update(lease_until=PAST)
    ToolCall.objects.filter(run=run, status="executing").update(deadline_at=PAST)


def sweep(run, rounds=4):
    """What sweeps would do over some seconds."""
    for _ in range(rounds):
        database.rows(statements.RIPEN)
        database.rows(statements.POISON, max_lapses=MAX_LAPSES)
        for found in database.rows(statements.DUE, limit=200, served=served()):
            advance(found["id"])
        age(run)
    run.refresh_from_db()


@pytest.mark.parametrize("tool", ["ledger_put", "ledger_pay"])
def test_a_cancelled_run_with_an_orphaned_call_asks_people_once(start, tool):
    run = start("k", [asks((tool, {"what": "b"})), says("x")])
    crashed(run)
    run.cancel(reason="stop")
    sweep(run)
    assert run.status == "waiting" and run.tool_calls.get().status == "in_doubt"
    assert Event.objects.filter(kind="run.waiting", object=run.pk).count() <= 2
    call = run.tool_calls.get()
    call.resolve("did_not_happen", by=None, digest=bytes(call.digest), result=None, reason="looked")
    sweep(run)
    assert run.status == "cancelled"


def test_a_keyed_orphan_goes_on_under_changed_rules(start, workspace):
    run = start("k", [asks(("ledger_put", {"what": "b"})), says("x")])
    crashed(run)
    Switch.tighten(workspace.pk)
    sweep(run)
    assert run.status == "succeeded" and len(lines()) == 1


def test_a_keyed_orphan_whose_approval_ran_out_is_in_doubt_not_expired(start):
    run = start("k", [asks(("ledger_put", {"what": "b"})), says("x")])
    crashed(run)
    ToolCall.objects.filter(run=run).update(valid_until=PAST)
    sweep(run)
    assert run.status == "waiting" and run.tool_calls.get().status == "in_doubt"


def test_a_run_that_diverged_can_be_cancelled(start):
    run = start("k", [asks(("question", {"text": "b"})), says("x")])
    advance(run.pk)
    run.checkpoints.filter(seq=2).update(request=b"x" * 32)
    run.wake()
    advance(run.pk)
    run.refresh_from_db()
    assert run.status == "diverged"
    assert run.cancel(reason="code has changed")
    sweep(run)
    assert run.status == "cancelled"


def test_a_stopped_read_tool_is_not_read(start, workspace):
    Switch.objects.filter(pk=workspace.pk).update(stopped_tools=["ledger_look"])
    run = start("k", [asks(("ledger_look", {"what": "secret"})), says("x")])
    advance(run.pk)
    run.refresh_from_db()
    assert run.status == "waiting" and run.tool_calls.get().status == "ready"


def test_a_doubt_that_outlives_the_wall_limit_does_not_spin(start, agent):
    agent.add_version(chain=[{"provider": "scripted", "model": "story"}], tools=["ledger_break"])
    run = start("k", [asks(("ledger_break", {"what": "b"})), says("x")])
    advance(run.pk)
    Run.objects.filter(pk=run.pk).update(created_at=PAST)
    sweep(run, rounds=6)
    assert run.epoch == 1 and run.tool_calls.get().status == "in_doubt"


def test_unserved_runs_do_not_starve_others(start):
    for _ in range(3):
        start("gone", [], flow="removed-in-a-deploy")
    run = start("k", [says("x")])
    found = database.rows(statements.DUE, limit=1, served=served())
    assert [row["id"] for row in found] == [run.pk]


def test_an_unserved_run_can_be_cancelled(start):
    run = start("gone", [], flow="removed-in-a-deploy")
    run.cancel(reason="nobody knows it")
    sweep(run)
    assert run.status == "cancelled"


def test_what_cannot_be_stored_is_told_to_the_model(play):
    run = play("k", [asks(("a\0b", {"what": 1})), says("sorry")])
    assert run.status == "succeeded" and run.tool_calls.get().status == "failed"


@flow("notes-a-set")
async def notes_a_set(run):
    await run.note({1, 2})


@flow("raises-nul")
async def raises_nul(run):
    raise ValueError("bad \0 byte")


@flow("returns-itself")
async def returns_itself(run):
    circle = []
    circle.append(circle)
    return circle


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("notes-a-set", "not JSON"), ("raises-nul", "bad"), ("returns-itself", "not JSON")],
)
def test_a_flow_that_gives_what_is_not_json_fails_with_a_sentence(play, name, sentence):
    run = play("k", [], flow=name)
    assert run.status == "failed" and sentence in run.error["message"]
