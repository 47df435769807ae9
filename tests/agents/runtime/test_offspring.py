"""Child runs: rows of their own, started and awaited by the parent's commits."""

from functools import partial

import pytest

from agents.exceptions import EffectFailed
from agents.models import Run
from agents.runtime import journal_check
from agents.runtime.advance import advance
from agents.runtime.flow import flow
from agents.runtime.text import loads
from tests.agents.conftest import STORIES, asks, says
from tests.agents.runtime.test_claims import ROUNDS, together
from tests.agents.runtime.test_edges import sweep
from tests.ledger.tools import lines
from tests.people import acting, make_member
from tracing.models import Span

pytestmark = pytest.mark.django_db(transaction=True)


@flow("square")
async def square(run):
    return run.input**2


@flow("asks-first")
async def asks_first(run):
    return await run.question("Really?")


@flow("delegates")
async def delegates(run):
    """What two children return, and how a third fails."""
    squares = await run.gather(run.child("square", 3), run.child("square", 4))
    try:
        await run.child("square", "x")
    except EffectFailed as failed:
        return squares, failed.error


@flow("asks-below")
async def asks_below(run):
    return await run.child("asks-first")


@flow("asks-far-below")
async def asks_far_below(run):
    return await run.child("asks-below")


@flow("nests")
async def nests(run):
    return await run.child("nests")


@flow("calls-names")
async def calls_names(run):
    said = []
    for name in ("clerk", "nobody", "chat"):
        try:
            said.append(await run.child(name, "hello"))
        except EffectFailed as failed:
            said.append(failed.error["message"])
    return said


def test_children_run_beside_each_other_and_their_ends_are_outcomes(start):
    run = start("r", [], flow="delegates", labels={"case": "7"})
    sweep(run, rounds=8)
    squares, error = loads(run.result)
    assert squares == [9, 16] and error["type"] == "child_failed" and "unsupported operand" in error["message"]
    children = list(run.children.order_by("id"))
    assert [(child.parent_position, child.status) for child in children] == [
        ("1.0.1", "succeeded"),
        ("1.1.1", "succeeded"),
        ("2", "failed"),
    ]
    assert {(c.root_id, c.depth, c.trace_id, c.labels["case"]) for c in children} == {(run.pk, 1, run.pk, "7")}
    roots = Span.objects.filter(trace_id=run.pk, kind="agent")
    assert roots.count() == 4 and roots.filter(parent_id=roots.get(run_id=run.pk).span_id).count() == 3
    assert journal_check.verify(run) == run.seq == 4
    assert list(children[0].checkpoints.values_list("kind", flat=True)) == ["start"]


def test_a_child_belongs_to_whoever_started_the_root(start, workspace):
    olga = make_member(workspace, "olga", "operator")
    run = start("r", [], flow="asks-far-below", started_by=olga)
    sweep(run, rounds=8)
    leaf = Run.objects.get(flow="asks-first")
    assert (leaf.started_by, leaf.root_id, leaf.depth) == (olga, run.pk, 2)


def test_an_agent_a_name_that_is_unknown_and_a_conversation(start):
    STORIES["hello"] = [says("good day")]
    run = start("r", [], flow="calls-names")
    sweep(run, rounds=8)
    said = loads(run.result)
    assert said[0] == "good day" and "no agent 'nobody'" in said[1] and "never returns" in said[2]
    assert run.children.get().flow == "react"


def test_children_end_where_max_depth_says(start):
    run = start("r", [], flow="nests")
    sweep(run, rounds=16)
    assert run.status == "failed" and Run.objects.count() == 6
    assert "max_depth is 5" in Run.objects.order_by("-depth").first().error["message"]


def test_cancelling_a_parent_cancels_all_below_it(start, workspace):
    run = start("r", [], flow="asks-far-below")
    sweep(run, rounds=8)
    assert Run.objects.filter(status="waiting").count() == 3
    run.cancel(reason="enough")
    assert not Run.objects.filter(cancel_requested_at=None).exists()
    sweep(run, rounds=8)
    assert set(Run.objects.values_list("status", "cancel_reason")) == {("cancelled", "enough")}


def test_a_parent_that_a_limit_ends_takes_its_children_along(start):
    run = start("r", [], flow="asks-far-below")
    sweep(run, rounds=8)
    Run.objects.filter(pk=run.pk).update(created_at="2020-01-01T00:00Z")
    run.wake()
    sweep(run, rounds=8)
    assert (run.status, run.ended_by) == ("succeeded", "max_seconds")
    assert set(Run.objects.exclude(pk=run.pk).values_list("status", flat=True)) == {"cancelled"}


def test_a_cancelled_child_fails_in_its_parent(start):
    run = start("r", [], flow="asks-below")
    sweep(run, rounds=8)
    run.children.get().cancel(reason="not needed")
    sweep(run, rounds=8)
    assert run.status == "failed" and run.error["type"] == "child_cancelled" and "not needed" in run.error["message"]


def test_a_pause_holds_for_children_too(start, workspace):
    olga = acting(make_member(workspace, "olga", "operator"))
    run = start("r", [], flow="asks-far-below")
    sweep(run, rounds=8)
    run.pause(by=olga)
    assert set(Run.objects.values_list("status", flat=True)) == {"paused"}
    run.resume(by=olga)
    leaf = Run.objects.get(flow="asks-first")
    leaf.tool_calls.update(status="answered", outcome='{"status":"answered","value":"yes"}')
    leaf.wake()
    sweep(run, rounds=8)
    assert loads(run.result) == "yes"


def test_a_child_inserted_while_its_parent_is_cancelled_is_cancelled_too(start):
    for number in range(ROUNDS):
        run = start(f"r{number}", [], flow="asks-far-below")
        together(partial(advance, run.pk), partial(run.cancel))
        sweep(run, rounds=3)
        assert run.status == "cancelled"
    assert set(Run.objects.values_list("status", flat=True)) == {"cancelled"}


def test_ends_of_children_and_a_cancellation_at_once_never_deadlock(start):
    for number in range(ROUNDS):
        run = start(f"r{number}", [], flow="delegates")
        advance(run.pk)
        ends = [partial(advance, child.pk) for child in run.children.all()]
        together(*ends, partial(run.cancel))
        sweep(run, rounds=3)
        assert run.status == "cancelled" and not run.children.active().exists()


def test_a_child_acts_through_the_same_gate(start):
    STORIES["pay"] = [asks(("ledger_pay", {"what": "a"})), says("paid")]
    run = start("pay", [*STORIES["pay"]], flow="react-below")
    sweep(run, rounds=8)
    assert loads(run.result) == "paid" and len(lines()) == 1


@flow("react-below", says_input=False)
async def react_below(run):
    return await run.child("react", run.input)
