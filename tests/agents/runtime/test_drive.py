"""The pure core: flows are driven with canned outcomes; no database, no clock, no mocks."""

import asyncio

import pytest
from pydantic import BaseModel

from agents.exceptions import Diverged, EffectFailed, FlowError
from agents.runtime import state as states
from agents.runtime.conversation import fold, render
from agents.runtime.drive import Drive
from agents.runtime.effects import Outcome
from agents.runtime.flow import FlowRun, FlowSpec, flow
from agents.runtime.text import loads


class Notes(BaseModel):
    found: list[str] = []
    stage: str = "new"


def said(text, *calls):
    blocks = [{"type": "text", "text": text}]
    blocks += [
        {"type": "tool_use", "id": f"t{i}", "name": name, "input": given} for i, (name, given) in enumerate(calls)
    ]
    return Outcome.of({"blocks": blocks, "stop": "tool_use" if calls else "end_turn"})


def came(value, provider_id="t0"):
    return Outcome.of({"id": provider_id, "status": "succeeded", "value": value})


def start(function, rows=(), *, input="hello", state=None, verify=False):
    spec = FlowSpec("tried", 1, function, state, True)
    run = FlowRun(spec, run_id="r", input=input)
    return Drive(spec, run, now=lambda: 1_000.0, random=lambda: 0.5).redrive(rows, verify=verify)


async def react(run):
    while True:
        reply = await run.model()
        if not reply.tool_calls:
            return reply.text
        await run.tools(reply.tool_calls)


def play(drive, outcomes):
    """Deliver outcomes by position, in the order given."""
    for position, outcome in outcomes:
        drive.deliver(position, outcome)
    return drive


STORY = [
    ("1", said("looking", ("find", {"q": 1}), ("find", {"q": 2}))),
    ("2.1", came("two", "t1")),
    ("2.0", came("one", "t0")),
    ("3", said("done")),
]


def test_a_flow_runs_to_its_end_on_outcomes_alone():
    drive = play(start(react), STORY)
    assert (drive.done, drive.result) == (True, "done")
    assert drive.run.messages.messages()[2]["content"][0]["content"] == "one"


def test_positions_are_places_in_the_flow():
    drive = play(start(react), STORY[:1])
    assert sorted(drive.pending) == ["2.0", "2.1"]
    assert drive.pending["2.1"][0].ask == {"name": "find", "input": {"q": 2}, "id": "t1"}


@pytest.mark.parametrize("cut", range(6))
def test_a_flow_resumed_after_any_step_ends_the_same(cut):
    whole = play(start(react), STORY)
    rows = whole.take()
    again = start(react, rows[:cut])
    waiting = [step for step in STORY if step[0] not in {row.position for row in rows[:cut]}]
    play(again, waiting)
    assert again.result == "done"
    assert again.run.messages.hash.digest() == whole.run.messages.hash.digest()


def test_verify_finds_every_digest_and_delta_as_recorded():
    rows = play(start(react), STORY).take()
    start(react, rows, verify=True)
    rows[2].messages = '{"":[["9"]]}'
    with pytest.raises(Diverged, match="step 3"):
        start(react, rows, verify=True)


def test_changed_code_is_found_by_kind_and_by_digest():
    rows = play(start(react), STORY).take()

    async def sleeps_first(run):
        await run.sleep(5)

    with pytest.raises(Diverged, match=r"model at 1"):
        start(sleeps_first, rows)
    with pytest.raises(Diverged, match=r"model at 1"):
        start(react, rows[:2], input="something else")


def test_a_row_that_nobody_waits_for_is_a_divergence():
    rows = play(start(react), STORY).take()

    async def stops_early(run):
        return (await run.model()).text

    with pytest.raises(Diverged, match=r"tool at 2\.1"):
        start(stops_early, rows)


async def branching(run):
    run.state.stage = await run.branch(["deep", "quick"], "deep", why="topic")
    reply = await run.model()
    run.state.found.append(reply.text)
    when = await run.now()
    await run.note(f"at {when.timestamp()}, {await run.random()}")
    run.state.found.append("more")
    return run.state.stage


def test_local_effects_ride_with_the_outcome_before_them():
    drive = start(branching, state=Notes)
    first = drive.take()
    assert [row.kind for row in first] == ["start", "branch"]
    drive.deliver("2", said("x"))
    second = drive.take()
    assert [row.kind for row in second] == ["model", "now", "random", "note"]
    assert drive.result == "deep"
    assert start(branching, first + second, state=Notes, verify=True).result == "deep"


def test_state_is_folded_from_its_deltas():
    drive = play(start(branching, state=Notes), [("2", said("x"))])
    folded = None
    for row in drive.take():
        folded = states.apply(folded, loads(row.state)) if row.state else folded
    assert folded == {"found": ["x", "more"], "stage": "deep"}


def test_messages_are_folded_from_their_deltas():
    drive = play(start(react), STORY)
    rows = drive.take()
    entries = []
    for row in rows:
        entries = fold(entries, loads(row.messages).get("", [])) if row.messages else entries
    values = {row.position: row.outcome.value for row in rows}
    assert render(entries, values) == drive.run.messages.messages()


async def research(run, topic):
    talk = run.conversation(topic)
    talk.say(topic)
    return (await run.model(conversation=topic)).text


async def both(run):
    return await run.gather(research(run, "a"), research(run, "b"))


def test_sub_flows_have_positions_and_conversations_of_their_own():
    drive = play(start(both), [("1.1.1", said("B")), ("1.0.1", said("A"))])
    assert drive.result == ["A", "B"]
    assert start(both, drive.take(), verify=True).result == ["A", "B"]


def test_a_gather_raises_its_first_failure_after_all_have_ended():
    lost = Outcome.of({"type": "overloaded", "message": "too busy"}, failed=True)
    drive = play(start(both), [("1.1.1", lost)])
    assert not drive.done
    play(drive, [("1.0.1", said("A"))])
    assert isinstance(drive.error, EffectFailed) and "too busy" in str(drive.error)


async def many_empty_gathers(run):
    for _ in range(4_000):
        await run.gather(run.random(), run.now())
    return await run.gather()


def test_gathers_that_wait_for_nothing_do_not_deepen_the_stack():
    assert start(many_empty_gathers).result == []


async def sleeps_the_foreign_way(run):
    await asyncio.sleep(0)


async def sleeps_on_a_loop(run):
    await asyncio.sleep(1)


async def gathers_a_number(run):
    await run.gather(7)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (sleeps_the_foreign_way, "may await effects only"),
        (sleeps_on_a_loop, "no running event loop"),
        (gathers_a_number, "not int"),
    ],
)
def test_foreign_awaitables_fail_the_run_with_one_sentence(function, message):
    assert message in str(start(function).error)


async def hidden_cleanup(run):
    await run.model()


def test_awaiting_in_finally_is_refused_when_the_flow_is_registered():
    async def cleans_up(run):
        try:
            await run.model()
        finally:
            await run.note("bye")

    with pytest.raises(FlowError, match="finally"):
        flow("cleans-up")(cleans_up)


def test_awaiting_while_being_put_away_is_named():
    async def inner(run):
        try:
            await run.model()
        finally:
            await run.note("bye")

    async def outer(run):
        await inner(run)

    drive = start(outer)
    with pytest.raises(FlowError, match="put away"):
        drive.close()


def test_big_integers_and_lone_surrogates_survive_storage():
    value = {"n": 10**30, "s": "\ud800"}
    assert loads(Outcome.of(value).text) == value
