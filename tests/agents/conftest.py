"""A workspace with one agent, the allow-all gate, and a ledger file for what really happens."""

import os
from pathlib import Path

import pytest

from agents.gateway.scripted import script
from agents.models import Agent, Run
from agents.runtime.advance import advance
from agents.runtime.text import dumps
from workspaces.models import Workspace

STORIES = {}


@script("story")
def story(request):
    """Replies as the test wrote them: the first message's text names the story."""
    name = next(m["content"] for m in request.messages if m["role"] == "user")
    name = name if isinstance(name, str) else name[0]["text"]
    turn = STORIES[name][request.turns_so_far]
    return turn(request) if callable(turn) else turn


def says(text):
    return [{"type": "text", "text": text}]


def asks(*calls):
    return [{"type": "tool_use", "id": f"t{i}", "name": name, "input": given} for i, (name, given) in enumerate(calls)]


@pytest.fixture(scope="session")
def ledger(tmp_path_factory):
    """One file for the whole session: the tools' processes keep the environment they were started with."""
    path = Path(os.environ.setdefault("LEDGER", str(tmp_path_factory.mktemp("ledger") / "ledger")))
    yield path


@pytest.fixture(autouse=True)
def allow_all(settings, ledger):
    settings.GATE = "agents.runtime.gate.AllowAll"
    ledger.write_text("")


@pytest.fixture
def workspace(transactional_db):
    return Workspace.objects.found("Acme", "acme")


@pytest.fixture
def agent(workspace):
    import tests.ledger.tools as ledger

    agent = Agent.objects.create(workspace=workspace, name="clerk")
    names = [name for name in dir(ledger) if name.startswith("ledger_")]
    agent.add_version(chain=[{"provider": "scripted", "model": "story"}], tools=[*names, "question"])
    return agent


@pytest.fixture
def start(agent):
    def start(name, turns, **fields):
        STORIES[name] = turns
        version = agent.active_version
        return Run.objects.create(
            workspace=agent.workspace,
            agent=agent,
            version=version,
            input=dumps(name),
            flow=fields.pop("flow", version.flow),
            revision=1,
            **fields,
        )

    return start


@pytest.fixture
def play(start):
    def play(name, turns, **fields):
        run = start(name, turns, **fields)
        advance(run.pk)
        run.refresh_from_db()
        return run

    return play
