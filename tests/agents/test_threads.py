"""Threads: runs that follow one another, each with what was said before it, and one at a time."""

import pytest
from django.db import IntegrityError

from agents.exceptions import ThreadBusy, ThreadRefused
from agents.models import Run, Thread
from agents.reading import messages_at
from agents.runtime import journal_check
from agents.runtime.advance import advance
from agents.runtime.text import loads
from agents.runtime.turns import pass_turns
from agents.starting import start_in_thread, start_run
from tests.agents.conftest import STORIES, asks, says
from tests.agents.runtime.test_claims import together
from tests.agents.runtime.test_edges import sweep
from tests.ledger.tools import lines
from tests.people import acting, make_member

pytestmark = pytest.mark.django_db(transaction=True)
ASKS = asks(("question", {"text": "Really?"}))


@pytest.fixture
def olga(workspace):
    return acting(make_member(workspace, "olga", "operator"))


@pytest.fixture
def thread(workspace):
    return Thread.objects.create(workspace=workspace)


@pytest.fixture
def send(olga, thread, agent):
    def send(text, on_busy="enqueue"):
        return start_in_thread(olga, thread, "clerk", text, on_busy=on_busy)

    return send


def told(run):
    """What was said in the run, in short."""
    return [
        block.get("text") or block.get("name") or block.get("content")
        for message in messages_at(run)
        for block in ([{"text": message["content"]}] if isinstance(message["content"], str) else message["content"])
    ]


def done(run):
    sweep(run, rounds=3)
    return run


def test_a_run_begins_with_what_the_last_that_succeeded_said(send):
    STORIES["one"] = [asks(("ledger_look", {"what": "a"})), says("first"), says("second")]
    first = done(send("one"))
    second = done(send("two"))
    assert first.status == second.status == "succeeded" and second.history
    assert told(second) == ["one", "ledger_look", "seen a", "first", "two", "second"]
    assert told(second)[:5] == [*told(first), "two"] and journal_check.verify(second) == second.seq
    STORIES["one"].append(lambda request: 1 / 0)
    failed = done(send("three"))
    assert failed.status == "failed"
    STORIES["one"][2:] = [says("second"), says("third")]
    assert told(done(send("four"))) == [*told(second), "four", "third"]


def test_inputs_wait_for_their_turn_in_order(send):
    STORIES["one"] = [ASKS, says("1"), says("2"), says("3")]
    runs = [send(name) for name in ("one", "two", "three")]
    first = done(runs[0])
    assert [run.awaiting for run in Run.objects.order_by("id")] == ["", "enqueue", "enqueue"]
    runs[1].say("hello?")
    assert done(runs[1]).seq == 0 and first.status == "waiting"
    first.tool_calls.update(status="answered", outcome='{"status":"answered","value":"yes"}')
    first.wake()
    for run in runs:
        done(run)
    assert [loads(run.result) for run in runs] == ["1", "2", "3"]
    said = ["one", "two", "hello?", "three"]
    assert [m["content"] for m in messages_at(runs[2]) if isinstance(m["content"], str)] == said


def test_a_busy_thread_refuses_who_will_not_wait(send):
    STORIES["one"] = [ASKS, says("1")]
    done(send("one"))
    with pytest.raises(ThreadBusy, match="is waiting"):
        send("two", "reject")
    assert Run.objects.count() == 1


def test_an_interruption_keeps_the_messages_and_goes_first(send):
    STORIES["one"] = [
        asks(("ledger_put", {"what": "a"}), ("question", {"text": "Really?"})),
        says("well"),
        says("later"),
    ]
    first = done(send("one"))
    later = send("later")
    second = send("stop that", "interrupt")
    done(second)
    first.refresh_from_db()
    assert (first.status, first.superseded, second.status) == ("cancelled", "interrupt", "succeeded")
    said = told(second)
    assert said[:3] == ["one", "ledger_put", "question"] and said[3] == "put a" and "cancelled" in said[4]
    assert said[5:] == ["stop that", "well"]
    assert done(later).status == "succeeded"


def test_a_run_interrupted_before_it_began_keeps_its_input(send):
    STORIES["one"] = [says("both")]
    send("one")
    assert told(done(send("two", "interrupt"))) == ["one", "two", "both"]


def test_a_rollback_drops_the_messages_and_names_what_was_done(send):
    STORIES["one"] = [says("hi"), asks(("ledger_pay", {"what": "a"})), ASKS, says("never")]
    done(send("one"))
    second = done(send("pay"))
    assert second.status == "waiting" and len(lines()) == 1
    STORIES["one"][1:] = [says("sorry")]
    third = done(send("do not pay", "rollback"))
    assert third.status == "succeeded" and Run.objects.get(pk=second.pk).status == "cancelled"
    said = told(third)
    assert said[:2] == ["one", "hi"] and said[3:] == ["do not pay", "sorry"]
    assert "was not undone" in said[2] and 'ledger_pay {"what":"a"}: "paid a"' in said[2]


def test_two_inputs_at_once_make_one_active_run(send, thread):
    STORIES["a"] = STORIES["b"] = [says("1"), says("2")]
    together(lambda: send("a"), lambda: send("b"))
    assert sorted(Run.objects.values_list("awaiting", flat=True)) == ["", "enqueue"]
    for run in Run.objects.all():
        done(run)
    pass_turns()
    assert all(done(run).status == "succeeded" for run in Run.objects.all())


def test_the_database_holds_one_active_run_a_thread(send, thread, start):
    send("one")
    with pytest.raises(IntegrityError, match="run_is_alone_in_its_thread"):
        start("x", [], thread=thread)


def test_a_turn_that_nobody_passed_on_is_found_by_the_sweep(send, thread):
    STORIES["two"] = [says("2")]
    first, second = send("one"), send("two")
    Run.objects.filter(pk=first.pk).update(status="cancelled")
    advance(second.pk)
    pass_turns()
    assert done(second).status == "succeeded"


def test_a_conversation_is_not_for_threads(olga, thread, agent):
    agent.add_version(chain=[{"provider": "scripted", "model": "story"}], flow="chat")
    with pytest.raises(ThreadRefused, match="send messages"):
        start_in_thread(olga, thread, "clerk", "hello")
    assert start_run(olga, "clerk", "hello").inbox.count() == 1
