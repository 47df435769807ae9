"""Runs on a real database with the scripted model and tools that leave marks outside."""

import pytest

from agents.models import Checkpoint, ToolCall
from agents.reading import messages_at, timeline
from agents.runtime import journal_check
from agents.runtime.text import loads
from tests.agents.conftest import asks, says
from tests.ledger.tools import lines

pytestmark = pytest.mark.django_db(transaction=True)


def results(run):
    return [
        block["content"]
        for m in messages_at(run)
        if m["role"] == "user"
        for block in m["content"]
        if "tool_use_id" in block
    ]


def test_a_run_reads_writes_and_answers(play):
    run = play(
        "r",
        [
            asks(("ledger_look", {"what": "a"}), ("ledger_put", {"what": "b"}), ("ledger_pay", {"what": "c"})),
            says("done"),
        ],
    )
    assert (run.status, loads(run.result)) == ("succeeded", "done")
    assert results(run) == ["seen a", "put b", "paid c"]
    assert sorted(line.split()[0] for line in lines()) == ["pay", "put"]
    assert list(run.checkpoints.order_by("seq").values_list("seq", flat=True)) == list(range(1, run.seq + 1))
    assert set(ToolCall.objects.values_list("status", flat=True)) == {"succeeded"}
    assert [step.kind for step in timeline(run)] == ["start", "model", "tool", "tool", "tool", "model"]


def test_unknown_tools_and_bad_arguments_are_told_to_the_model(play):
    calls = asks(("nothing", {}), ("ledger_look", {"wat": 1}), ("ledger_look", {"what": 10**30}))
    run = play("r", [calls, says("sorry")])
    said = results(run)
    assert run.status == "succeeded"
    assert "no tool 'nothing'" in said[0] and "what" in said[1] and "string" in said[2]
    assert set(ToolCall.objects.values_list("status", flat=True)) == {"failed"}


def test_a_declined_write_is_failed_and_a_broken_one_is_in_doubt(play):
    run = play("r", [asks(("ledger_decline", {"what": "x"}), ("ledger_break", {"what": "y"})), says("ok")])
    assert run.status == "waiting"
    assert dict(ToolCall.objects.values_list("tool", "status")) == {
        "ledger_decline": "failed",
        "ledger_break": "in_doubt",
    }


def test_limits_end_a_run_with_what_it_has(play, agent):
    agent.add_version(chain=[{"provider": "scripted", "model": "story"}], tools=["ledger_look"], max_steps=5)
    turns = [says(f"turn {i}") + asks(("ledger_look", {"what": "a"})) for i in range(9)]
    run = play("r", turns)
    assert (run.status, run.ended_by, loads(run.result)) == ("succeeded", "max_steps", "turn 1")
    assert run.seq == 5


def test_a_chat_parks_for_each_message(start):
    from agents.runtime.advance import advance

    run = start("hello", [says("hi"), says("bye")], flow="chat")
    run.say("hello")
    advance(run.pk)
    run.refresh_from_db()
    assert run.status == "waiting"
    run.say("more")
    advance(run.pk)
    run.refresh_from_db()
    assert [m["content"] for m in messages_at(run) if m["role"] == "user"] == ["hello", "more"]
    assert run.status == "waiting" and run.inbox.filter(taken_seq__isnull=True).count() == 0
    run.cancel(reason="enough")
    advance(run.pk)
    run.refresh_from_db()
    assert run.status == "cancelled" and run.finished_at


def test_a_question_waits_for_people(play):
    run = play("r", [asks(("question", {"text": "Really?"})), says("ok")])
    assert run.status == "waiting" and run.lease_until is None
    assert ToolCall.objects.get().status == "waiting"


def test_no_key_for_the_model_fails_the_run_with_what_to_do(play, agent):
    agent.add_version(chain=[{"provider": "anthropic", "model": "claude-sonnet-5-5"}])
    run = play("r", [])
    assert run.status == "failed" and "ANTHROPIC_API_KEY" in run.error["message"]


def test_a_journal_verifies(play):
    run = play("r", [asks(("ledger_look", {"what": "a"})), says("done")])
    journal_check.verify(run)
    Checkpoint.objects.filter(run=run, seq=2).update(request=b"x" * 32)
    with pytest.raises(journal_check.Diverged, match="step 2"):
        journal_check.verify(run)


def test_a_model_whose_adapter_breaks_fails_the_run_and_says_so(play):
    run = play("r", [lambda request: {}["order"]])
    assert run.status == "failed"
    assert run.error["type"] == "broken_adapter" and "KeyError: 'order'" in run.error["message"]
