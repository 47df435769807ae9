"""Recorded conversations become finished runs, once, with everything that was said."""

import gzip
import json
import random
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from agents.exceptions import UnknownAgent
from agents.gateway.openai_messages import to_openai
from agents.models import Agent, Run, ToolCall
from agents.reading import messages_at
from agents.runtime.journal_check import verify
from agents.starting import start_run
from agents.tools import registry
from tests.people import acting
from workspaces.models import AuditEntry, Membership, Person, Workspace

pytestmark = pytest.mark.django_db(transaction=True)
DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not here")


@pytest.fixture
def olga(transactional_db):
    workspace = Workspace.objects.found("Acme", "acme")
    person = Person.objects.create_user("olga")
    Membership.objects.create(workspace=workspace, person=person, roles=["operator"])
    return person


def record(*messages, **labels):
    return {"traj": [{"role": "system", "content": "Be kind."}, *messages], **labels}


def user(text):
    return {"role": "user", "content": text}


def said(text, *calls):
    made = [
        {"id": f"c{i}", "type": "function", "function": {"name": name, "arguments": json.dumps(given)}}
        for i, (name, given) in enumerate(calls)
    ]
    return {"role": "assistant", "content": text} | ({"tool_calls": made} if made else {})


def result(index, name, text):
    return {"role": "tool", "tool_call_id": f"c{index}", "name": name, "content": text}


def called(name, arguments, id="c0"):
    call = {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}
    asked = {"role": "assistant", "content": None, "tool_calls": [call]}
    return record(user("hi"), asked, {"role": "tool", "tool_call_id": id, "content": "r"})


def without_ids(messages):
    """Messages as two recordings of the same conversation would show them."""
    plain = []
    for message in messages:
        calls = [
            (c["function"]["name"], json.loads(c["function"]["arguments"])) for c in message.get("tool_calls") or []
        ]
        plain.append((message["role"], message.get("content"), calls))
    return plain


TALK = record(
    user("two please"),
    said(None, ("look", {"n": 1}), ("look", {"n": 2})),
    result(0, "look", "one"),
    result(1, "look", "two"),
    said("there you are"),
    user("thanks"),
    reward=1.0,
)


@pytest.fixture
def bring(olga, tmp_path):
    def bring(*lines, **options):
        path = tmp_path / "talks.jsonl"
        path.write_bytes(b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines))
        call_command("import_runs", path, "--as=olga", **options)

    return bring


def test_a_conversation_becomes_a_finished_run(bring):
    bring(TALK)
    run = Run.objects.get()
    assert (run.status, run.ended_by, run.agent.name, run.title) == (
        "succeeded",
        "recording",
        "imported/talks",
        "two please",
    )
    assert run.labels == {"reward": 1.0} and run.version.instructions == "Be kind."
    assert without_ids(to_openai(messages_at(run))) == without_ids(TALK["traj"][1:])
    assert [call.arguments for call in run.tool_calls.order_by("position")] == [{"n": 1}, {"n": 2}]
    assert verify(run) == run.seq == 7


def test_the_same_record_is_imported_once(bring):
    bring(TALK)
    bring(dict(reversed(TALK.items())), TALK)
    assert Run.objects.count() == 1
    made = AuditEntry.objects.get(kind="agent.kept")
    assert (made.object, made.person_id) == (f"agent:{Agent.objects.get().pk}", Person.objects.get().pk)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b"{", "not JSON"),
        (b"[1]", "one JSON object"),
        (b'{"a":1,"a":2}', "twice"),
        ({"traj": []}, "list of messages"),
        (record(said("hello")), "start with a user message"),
        (record(user("a"), said("b"), said("c")), "in a row"),
        (record(user("a"), said(None, ("f", {})), user("b")), "followed by results for"),
        (record({"role": "robot", "content": "x"}), "Message 1"),
        (called("look", '{"n":9007199254740993}'), "2^53"),
        (called("look", '{"n":"\\u0000"}'), "arguments of look"),
        (called("look", '{"n":"\\ud800"}'), "arguments of look"),
        (called("", "{}"), "a tool's name has"),
        (called("x" * 101, "{}"), "a tool's name has"),
        (called("a\u202eb c/../", "{}"), "a tool's name has"),
        (called("..", "{}"), "a tool's name has"),
        (called("look", "{}", 5), "id of a call"),
    ],
)
def test_an_unreadable_line_is_named_and_the_rest_is_imported(bring, capsys, line, sentence):
    with pytest.raises(SystemExit):
        bring(TALK, line, record(user("more")))
    assert Run.objects.count() == 2
    assert "line 2:" in (said := capsys.readouterr().err) and sentence in said


def test_a_torn_gzip_keeps_what_was_whole(olga, tmp_path, capsys):
    lines = [json.dumps(record(user(f"m{i} {random.Random(i).randbytes(2000).hex()}"))).encode() for i in range(40)]
    whole = gzip.compress(b"\n".join(lines))
    path = tmp_path / "torn.jsonl.gz"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SystemExit):
        call_command("import_runs", path, "--as=olga")
    assert "the file ends here" in capsys.readouterr().err
    assert Run.objects.exists() and Agent.objects.get().name == "imported/torn"


def test_tools_are_as_declared_and_unknown_ones_are_unsafe(bring, tmp_path):
    tools = tmp_path / "tools.json"
    tools.write_text('{"tools": [{"name": "look", "effect": "read", "reaches": "inside"}]}')
    bring(TALK, record(user("x"), said(None, ("smash", {})), result(0, "smash", "ok")), tools=tools)
    assert dict(ToolCall.objects.values_list("tool", "effect")) == {"look": "read", "smash": "unsafe"}


@pytest.mark.parametrize("text", ["{", '{"tools": [{"name": "x", "effect": "harmless"}]}', '{"tools": 3}', "[]"])
def test_a_wrong_declaration_imports_nothing(bring, tmp_path, text):
    tools = tmp_path / "tools.json"
    tools.write_text(text)
    with pytest.raises(CommandError, match=r"tools\.json"):
        bring(TALK, tools=tools)
    assert not Run.objects.exists()


def test_a_declaration_leaves_the_tools_of_the_installation_alone(bring, tmp_path):
    tools = tmp_path / "tools.json"
    own = registry.all()[0].name
    tools.write_text(json.dumps({"tools": [{"name": own, "effect": "read"}]}))
    with pytest.raises(CommandError, match=f"declares {own}, which is a tool of this installation"):
        bring(TALK, tools=tools)


@pytest.mark.parametrize("name", ["x" * 100, "my talks (1)", "caf\udce9"])
def test_a_file_whose_name_no_agent_can_have_is_refused(olga, tmp_path, name):
    path = tmp_path / f"{name}.jsonl"
    path.write_text(json.dumps(TALK))
    with pytest.raises(CommandError, match="shorter or plainer"):
        call_command("import_runs", path, "--as=olga")


def test_nobody_starts_an_imported_agent_by_hand(bring, olga):
    bring(TALK)
    with pytest.raises(UnknownAgent):
        start_run(acting(olga), "imported/talks", "hello")


@needs_data
def test_all_recorded_conversations_are_imported_as_they_were(olga):
    file, tools = DATA / "tau_airline_gpt4o.jsonl.gz", DATA / "airline_tools.json"
    for _ in range(2):
        call_command("import_runs", file, tools=tools, person="olga")
    assert Run.objects.count() == 100 and ToolCall.objects.count() == 572
    assert ToolCall.objects.filter(effect="unsafe").count() == 121
    with gzip.open(file) as lines:
        recorded = [json.loads(line) for line in lines]
    by_task = {(r["task_id"], r["trial"]): r["traj"][1:] for r in recorded}
    for run in Run.objects.all():
        assert without_ids(to_openai(messages_at(run))) == without_ids(
            by_task[run.labels["task_id"], run.labels["trial"]]
        )
        assert run.labels["expected_actions"] is not None
