"""What is said to a run at work comes before its next model turn, and is a step like any other."""

import pytest

from agents.models import Run
from agents.reading import messages_at
from agents.runtime import journal_check
from agents.runtime.advance import advance
from agents.runtime.flow import flow
from agents.runtime.text import loads
from console.happenings import of_messages
from console.standing import of_run, with_standing
from reviews.webhooks.body import Happening, Subjects
from tests.agents.conftest import STORIES, asks, says
from tests.agents.runtime.test_edges import sweep
from workspaces.models import Event

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_message_to_a_run_at_work_is_heard_before_its_next_turn(start):
    run = start("r", [])
    heard = []

    def first(request):
        run.say("and b")
        run.say("and c")
        return asks(("ledger_look", {"what": "a"}))

    def second(request):
        heard.extend(message["content"] for message in request.messages[3:])
        return asks(("question", {"text": "Really?"}))

    STORIES["r"] = [first, second, lambda request: says(request.messages[-1]["content"])]
    advance(run.pk)
    run.refresh_from_db()
    assert heard == ["and b", "and c"] and run.status == "waiting"
    places = run.checkpoints.order_by("seq").values_list("position", "kind")
    assert list(places) == [
        ("0", "start"),
        ("1", "model"),
        ("2.0", "tool"),
        ("3+1", "receive"),
        ("3+2", "receive"),
        ("3", "model"),
    ]
    run.say("hurry")
    run.tool_calls.filter(status="waiting").update(status="answered", outcome='{"status":"answered","value":"yes"}')
    sweep(run)
    assert (run.status, loads(run.result)) == ("succeeded", "hurry")
    assert [m["role"] for m in messages_at(run)][2:] == [
        "user",
        "user",
        "user",
        "assistant",
        "user",
        "user",
        "assistant",
    ]
    assert not run.inbox.filter(taken_seq=None).exists() and journal_check.verify(run) == run.seq


def test_a_message_that_comes_after_the_last_turn_is_said_to_be_unread(start):
    def last(request):
        run.say("wait")
        return says("done")

    run = start("r", [last])
    advance(run.pk)
    ended = with_standing(Run.objects.filter(pk=run.pk)).get()
    assert (ended.status, ended.unread_messages, of_run(ended).tone) == ("succeeded", 1, "warn")
    assert [one.words for one in of_messages(ended)] == ["Message never read: the run ended first"]
    told = Event.objects.get(kind="run.succeeded")
    happening = Happening(told.workspace_id, told.seq, told.topic, told.kind, told.object, None, told.created_at)
    assert loads(Subjects([happening]).body(happening, with_arguments=False))["data"]["unread_messages"] == 1


def test_a_message_that_was_taken_is_part_of_what_the_journal_compares(start):
    run = start("r", [says("done")])
    run.say("wait")
    advance(run.pk)
    run.refresh_from_db()
    run.checkpoints.filter(position="1+1").update(outcome='{"role":"user","content":"other"}')
    with pytest.raises(journal_check.Diverged, match="model at 1"):
        journal_check.verify(run)


@flow("listens", says_input=False, steered=False)
async def listens(run):
    await run.receive()
    reply = await run.model()
    return [reply.text, (await run.receive())["content"]]


def test_a_flow_may_keep_every_message_for_its_own_receive(start):
    run = start("r", [], flow="listens")
    STORIES["one"] = [says("first")]
    run.say("one")
    run.say("two")
    sweep(run)
    assert loads(run.result) == ["first", "two"]
