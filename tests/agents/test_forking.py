"""Forks: a new run from a step of another, which stays as it is and whose effects never happen again."""

import pytest
from django.db.models.functions import Now
from pydantic import BaseModel

from agents.exceptions import CallUnderWay, ForkRefused, NoSuchStep
from agents.forking import Changes, fork_run
from agents.models import AgentVersion, Run, ToolCall
from agents.reading import messages_at, state_at, timeline
from agents.runtime.advance import advance
from agents.runtime.flow import flow
from agents.runtime.journal_check import verify
from agents.runtime.text import dumps, loads
from agents.tools import tool
from tests.agents.conftest import STORIES, asks, says
from tests.ledger.tools import lines
from tests.people import acting, make_member
from workspaces.exceptions import Forbidden
from workspaces.models import AuditEntry, Event

pytestmark = pytest.mark.django_db(transaction=True)
TURNS = [asks(("ledger_look", {"what": "a"}), ("ledger_pay", {"what": "b"})), asks(("ledger_pay", {"what": "c"}))]


@pytest.fixture
def eve(workspace):
    return acting(make_member(workspace, "eve", "engineer"), workspace)


@pytest.fixture
def fork(eve):
    """Fork and advance as far as it goes."""

    def fork(source, seq=None, *, mode="live", **named):
        own = {name: named.pop(name) for name in list(named) if name in Changes.__dataclass_fields__}
        made = fork_run(eve, source, seq, mode=mode, changes=Changes(**own, edits=named))
        return onward(made)

    return fork


def onward(run):
    advance(run.pk)
    return Run.objects.get(pk=run.pk)


def allow(call):
    """What people do where reviews are installed."""
    ToolCall.objects.filter(pk=call.pk).update(decided="ready", effective_at=Now())
    call.run.wake()
    return onward(call.run)


def paid():
    return sorted(line.split()[-1] for line in lines() if line.startswith("pay"))


def kinds(run):
    return list(run.checkpoints.order_by("seq").values_list("seq", "kind"))


def stood_in(run):
    return [call.verdict["stand_in"]["kind"] for call in run.tool_calls.order_by("id") if "stand_in" in call.verdict]


def spoken(run):
    return [message["content"] for message in messages_at(run)]


def test_a_fork_repeats_nothing_and_leaves_its_source_as_it_is(play, fork):
    source = play("r", [*TURNS, says("done")])
    before = Run.objects.filter(pk=source.pk).values().get()
    calls = list(ToolCall.objects.order_by("id").values())
    for seq, mode in [(1, "live"), (2, "recorded"), (3, "simulated"), (5, "live"), (7, "recorded")]:
        made = fork(source, seq, mode=mode)
        assert (made.status, loads(made.result), made.seq, made.ended_by) == ("succeeded", "done", 7, "")
        assert [step for step, _ in kinds(made)] == list(range(seq, 8))
        assert [step.seq for step in timeline(made)] == list(range(1, 8))
        assert spoken(made) == spoken(source) and verify(made) == 7
        assert set(stood_in(made)) <= {"record"} and made.tool_calls.count() == len(stood_in(made))
    assert paid() == ["b", "c"]
    assert Run.objects.filter(pk=source.pk).values().get() == before
    assert list(source.tool_calls.order_by("id").values()) == calls
    entry = AuditEntry.objects.filter(kind="run.fork").first()
    assert entry and loads(entry.detail) == {"changed": [], "from": str(source.pk), "mode": "live", "seq": 1}
    assert Event.objects.filter(kind="run.forked", object=source.pk).count() == 5


def test_a_write_that_the_record_does_not_know_waits_for_people(play, fork):
    source = play("r", [*TURNS, says("done")])
    made = fork(source, 5, outcome=asks(("ledger_pay", {"what": "x"}), ("ledger_look", {"what": "z"})))
    assert made.status == "waiting" and paid() == ["b", "c"]
    call = made.tool_calls.get(tool="ledger_pay")
    assert call.status == "waiting" and "fork" in call.why
    assert made.tool_calls.get(tool="ledger_look").status == "succeeded"
    made = allow(call)
    assert (made.status, paid(), verify(made)) == ("succeeded", ["b", "c", "x"], made.seq)

    # The same call once more is answered; once more than was ever made, it is asked for.
    STORIES["r"] = [*TURNS, asks(("ledger_pay", {"what": "x"}), ("ledger_pay", {"what": "x"})), says("done")]
    again = fork(made, 5, outcome=asks(("ledger_pay", {"what": "c"}), ("ledger_pay", {"what": "x"})))
    statuses = [(call.arguments["what"], call.status) for call in again.tool_calls.order_by("id")]
    assert statuses == [("c", "succeeded"), ("x", "succeeded"), ("x", "waiting"), ("x", "waiting")]
    assert paid() == ["b", "c", "x"]


class Notes(BaseModel):
    looked: int = 0
    tags: list[str] = []


@flow("keeps-notes", state=Notes)
async def keeps_notes(run):
    notes = run.state  # held over every await: a fork changes it in place
    way = await run.branch(["deep", "quick"], "deep", why="topic")
    while (reply := await run.model()).tool_calls:
        notes.looked += 1
        notes.tags.append(reply.text)
        await run.tools(reply.tool_calls)
    return [way, notes.looked, notes.tags]


def test_state_words_and_branches_are_changed_and_forks_of_forks_keep_the_changes(play, fork):
    look = asks(("ledger_look", {"what": "a"}))
    source = play("r", [says("1") + look, says("2") + look, says("end")], flow="keeps-notes")
    assert loads(source.result) == ["deep", 2, ["1", "2"]]
    first = fork(source, 3, state={"looked": 40}, said="r")
    assert loads(first.result) == ["deep", 42, ["1", "2"]]
    assert state_at(first, 3)["looked"] == 41 and state_at(first, 2)["looked"] == 0 and verify(first) == first.seq
    second = fork(first, 4, state={"tags": ["new"]})
    assert loads(second.result) == ["deep", 42, ["new", "2"]]
    third = fork(second, 2, outcome="quick")
    assert loads(third.result) == ["quick", 2, ["1", "2"]]
    fourth = fork(fork(second, 4, state={"looked": 7}), 4, say="Look again.")
    assert loads(fourth.result) == ["deep", 8, ["new", "2"]] and "Look again." in spoken(fourth)
    for made in (second, third, fourth):
        assert verify(made) == made.seq
    assert len(second.line.sources) == 2 and state_at(source) == {"looked": 2, "tags": ["1", "2"]}


def test_other_words_models_and_arguments(play, fork, agent):
    source = play("r", [asks(("ledger_pay", {"what": "b"})), says("done")])
    STORIES["s"] = [says("another story")]
    assert loads(fork(source, 1, said="s").result) == "another story"
    assert loads(fork(source, 1, input="s").result) == "another story"
    replaced = [{"role": "user", "content": "s"}]
    assert spoken(fork(source, 1, messages=replaced))[0] == "s"

    made = fork(source, 3, arguments={"what": "y"})
    assert made.forked_seq == 2 and made.tool_calls.get().arguments == {"what": "y"}
    assert allow(made.tool_calls.get()).status == "succeeded" and paid() == ["b", "y"]

    STORIES["t"] = [says("as told")]
    chain = [{"provider": "scripted", "model": "desk"}]
    for _ in range(2):
        made = fork(source, 1, instructions="Be brief.", chain=chain)
    assert made.version.instructions == "Be brief." and made.version.chain == chain and made.version.number == 2
    assert AgentVersion.objects.filter(agent=agent).count() == 2
    agent.refresh_from_db()
    assert agent.active_version.number == 1


@tool(effect="unsafe", simulate=lambda what: f"would ship {what}")
def ships(what: str) -> str:
    """Send a parcel."""
    raise AssertionError("a simulated fork does nothing")


def test_a_simulated_fork_does_nothing_and_a_recorded_one_ends(play, fork, agent):
    names = ["ledger_look", "ledger_pay", "ledger_put", "ships", "question"]
    agent.add_version(chain=agent.active_version.chain, tools=names)
    source = play("r", [*TURNS, says("done")])
    wanted = asks(("ships", {"what": "s"}), ("ledger_pay", {"what": "q"}), ("ledger_put", {"what": "p"}))
    STORIES["r"] = [*TURNS, wanted, says("well")]
    made = fork(source, 6, mode="simulated")
    found = {call.tool: call for call in made.tool_calls.all()}
    assert made.status == "succeeded" and paid() == ["b", "c"] and verify(made) == made.seq
    said = [block["content"] for block in spoken(made)[-2]]
    assert said[0] == "would ship s" and said[1] == "paid c" and "simulated" in said[2]
    assert [found[name].verdict["stand_in"]["kind"] for name in ("ships", "ledger_pay")] == ["simulation", "nearest"]
    assert found["ledger_put"].status == "failed" and not [line for line in lines() if line.startswith("put")]

    made = fork(source, 6, mode="recorded")
    assert (made.status, made.ended_by, made.tool_calls.count()) == ("succeeded", "recording", 0)


@flow("has-children")
async def has_children(run):
    return [await run.child("pays-once", "one"), await run.child("pays-once", await run.question("Whom?"))]


@flow("pays-once")
async def pays_once(run):
    return await run.call("ledger_pay", what=run.input)


def test_children_are_answered_from_the_record_and_new_ones_hold_their_writes(start, fork):
    source = start("r", [], flow="has-children")
    onward(source)
    onward(source.children.get())
    source = onward(source)
    made = fork(source, 1)
    assert made.children.count() == 0 and made.tool_calls.get().tool == "question"
    ToolCall.objects.filter(run=made).update(status="answered", outcome=dumps({"status": "answered", "value": "two"}))
    made.wake()
    onward(made)
    child = made.children.get()
    assert child.fork_mode == "live" and onward(child).tool_calls.get().status == "waiting"
    assert allow(child.tool_calls.get()).status == "succeeded"
    assert loads(onward(made).result) == ["paid one", "paid two"] and paid() == ["one", "two"]
    source.refresh_from_db()
    assert source.status == "waiting" and source.children.count() == 1


@flow("takes-notes")
async def takes_notes(run):
    return await run.gather(noted(run, "left"), noted(run, "right"))


async def noted(run, what):
    await run.note(what)
    return [what, (await run.now()).year > 2000]


def test_a_fork_may_begin_between_notes_that_were_written_together(play, fork):
    source = play("r", [], flow="takes-notes")
    for seq in range(1, source.seq + 1):
        made = fork(source, seq)
        assert (made.status, made.result) == (source.status, source.result) == ("succeeded", source.result)
        assert verify(made) == made.seq == source.seq


@flow("turns", revision=1)
async def turns_then(run):
    return (await run.model()).text


@flow("turns", revision=2)
async def turns_now(run):
    await run.model()
    return await run.question("Sure?")


def test_a_diverged_run_is_forked_to_another_revision(play, fork, agent):
    source = play("r", [asks(("ledger_look", {"what": "a"}), ("question", {"text": "Well?"})), says("done")])
    Run.objects.filter(pk=source.pk).update(flow="turns")  # as if the code had changed
    source.wake()
    diverged = onward(source)
    assert diverged.status == "diverged" and diverged.error["seq"] == 3 and "tool at 2.0" in diverged.error["recorded"]
    version = agent.add_version(chain=agent.active_version.chain, flow="turns", revision=2, tools=["question"])
    made = fork(diverged, version=version.number)
    assert (made.forked_seq, made.revision, made.status) == (2, 2, "waiting")
    assert made.tool_calls.get().tool == "question"
    diverged.refresh_from_db()
    assert diverged.status == "diverged"


def test_what_cannot_be_forked_is_refused_and_says_why(play, fork, eve, agent):
    source = play("r", [asks(("ledger_break", {"what": "b"}))])
    assert source.tool_calls.get().status == "in_doubt"
    with pytest.raises(CallUnderWay, match="ledger_break"):
        fork(source, 2)
    for seq in (0, 3, 99):
        with pytest.raises(NoSuchStep, match="steps 1 to 2"):
            fork(source, seq)
    refusals = [
        ({"state": {"a": 1}}, "declares no state"),
        ({"outcome": "x"}, "of the kind start"),
        ({"arguments": {"a": 1}}, "arguments of a call"),
        ({"version": 9}, "no version 9"),
        ({"chain": [{"provider": "nobody", "model": "x"}]}, "Known providers"),
        ({"chain": [{"provider": "recorded", "model": "x"}]}, "name a model"),
        ({"said": "x" * 2_000_000}, "longer than"),
    ]
    for named, sentence in refusals:
        with pytest.raises(ForkRefused, match=sentence):
            fork(source, 1, **named)
    with pytest.raises(ForkRefused, match="Only a fork from step 1"):
        fork(play("q", [says("x")]), 2, input="s")
    assert not Run.objects.filter(forked_from__isnull=False).exists()
    olga = acting(make_member(agent.workspace, "olga", "operator"), agent.workspace)
    with pytest.raises(Forbidden):
        fork_run(olga, source, 1)


def test_an_edit_that_does_not_fit_the_flow_any_more_sets_the_fork_aside(play, eve):
    look = asks(("ledger_look", {"what": "a"}))
    source = play("r", [look, says("end")], flow="keeps-notes")
    made = fork_run(eve, source, 3, changes=Changes(edits={"state": {"looked": 3}}))
    Run.objects.filter(pk=made.pk).update(lineage=made.lineage.replace('"looked":3', '"looked":"many"'))
    made = onward(made)
    assert made.status == "diverged" and "step 3" in made.error["recorded"]
