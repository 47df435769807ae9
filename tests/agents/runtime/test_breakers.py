"""A tool that fails and fails is left alone, then tried by one call; what people have allowed waits meanwhile."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils.timezone import now

from agents.models import Breaker, Run
from agents.reading import messages_at
from agents.runtime.advance import advance
from agents.runtime.breakers import FAILURES, REST_SECONDS, WINDOW_SECONDS, Breakers
from agents.tools import ToolError, tool
from agents.tools.types import ToolResult, failed
from tests.agents.conftest import asks, says
from tests.agents.runtime.test_edges import PAST, sweep
from tests.ledger.tools import lines
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db(transaction=True)
CALLED, BROKEN = [], []


@tool(effect="read")
def shaky(what: str) -> str:
    """Ask a shop that may be down."""
    CALLED.append(what)
    if what == "declined":
        raise ToolError("There is no such thing.", type="unknown")
    if BROKEN:
        raise ConnectionError("the shop is down")
    return f"seen {what}"


@pytest.fixture
def agent(agent):
    CALLED.clear(), BROKEN.clear()
    version = agent.active_version
    agent.add_version(chain=version.chain, tools=["shaky", "ledger_pay", "question"])
    return agent


def look(*things):
    return asks(*(("shaky", {"what": thing}) for thing in things))


def told(run):
    """What the tools said, turn by turn."""
    users = [message["content"] for message in messages_at(run)[1:] if message["role"] == "user"]
    return [[block["content"] for block in content] for content in users]


def test_a_tool_that_fails_again_and_again_is_left_alone_and_then_tried_once(play):
    def mended(request):
        BROKEN.clear()
        Breaker.objects.update(open_until=PAST)
        return look("7", "8")

    BROKEN.append(True)
    many = [str(n) for n in range(FAILURES)]
    run = play("r", [look("declined"), look(*many), look("6"), mended, look("9"), says("done")])
    first, failures, at_once, tried, after = told(run)
    assert "no such thing" in first[0] and all("the shop is down" in said for said in failures)
    assert "tool_unavailable" in at_once[0] and f"{FAILURES} times in a row" in at_once[0] and "down" in at_once[0]
    assert tried[0] == "seen 7" and "tool_unavailable" in tried[1] and after == ["seen 9"]
    assert sorted(CALLED) == sorted(["declined", *many, "7", "9"]) and not Breaker.objects.exists()


def test_an_approved_call_waits_until_its_tool_is_tried_again(start, workspace):
    run = start("r", [asks(("ledger_pay", {"what": "b"})), says("done")], fork_mode="live")
    advance(run.pk)
    Breaker.objects.create(workspace=workspace, tool="ledger_pay", failures=9, open_until=now() + timedelta(hours=1))
    run.tool_calls.update(decided="ready", effective_at=Now())
    run.wake()
    sweep(run)
    assert run.status == "waiting" and run.due and lines() == []
    Breaker.objects.update(open_until=PAST)
    Run.objects.filter(pk=run.pk).update(due=PAST)
    sweep(run)
    assert run.status == "succeeded" and len(lines()) == 1 and not Breaker.objects.exists()


def test_rests_grow_and_only_failures_in_a_row_count(workspace):
    down, fine = failed("timeout", "no answer", retryable=True), ToolResult("succeeded", "1")
    other = Workspace.objects.found("Other", "other")

    def rest():
        breaker = Breaker.objects.get(tool="x")
        return round((breaker.open_until - breaker.failed_at).total_seconds()) if breaker.open_until else 0

    breakers, rests = Breakers(), []
    for _ in range(FAILURES + 6):
        breakers.note(workspace.pk, "x", down)
        rests.append(rest())
    assert rests == [0] * (FAILURES - 1) + [30, 60, 120, 240, 300, 300, 300] and rests[FAILURES - 1] == REST_SECONDS
    assert breakers.broken(workspace.pk, "x", 1).failures == FAILURES + 6
    assert breakers.broken(other.pk, "x", 1) is None and breakers.broken(workspace.pk, "y", 1) is None

    breakers.note(workspace.pk, "x", fine)
    assert not Breaker.objects.exists() and breakers.broken(workspace.pk, "x", 1) is None
    for _ in range(FAILURES - 1):
        breakers.note(workspace.pk, "x", down)
    Breaker.objects.update(failed_at=now() - timedelta(seconds=WINDOW_SECONDS + 1))
    breakers.note(workspace.pk, "x", down)
    assert Breaker.objects.get().failures == 1 and rest() == 0
