"""One turn with many calls: bounded side by side, capped in number, each id once; and branches that speak apart."""

import threading

import pytest

from agents.models import ToolCall
from agents.reading import messages_at
from agents.runtime import journal_check
from agents.runtime.flow import flow
from agents.runtime.text import loads
from agents.tools import tool
from tests.agents.conftest import STORIES, asks, says
from tests.agents.runtime.test_advance import results

pytestmark = pytest.mark.django_db(transaction=True)
SCRIPTED = [{"provider": "scripted", "model": "story"}]


class Crowd:
    """How many are inside at the same time."""

    def __init__(self):
        self.inside = self.most = 0
        self.lock = threading.Lock()
        self.are_two = threading.Event()

    def enter(self):
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
            if self.inside > 1:
                self.are_two.set()
        self.are_two.wait(5)
        with self.lock:
            self.inside -= 1


crowd = Crowd()


@tool(effect="read")
def crowd_in(n: int) -> int:
    """Stay until somebody else is here too."""
    crowd.enter()
    return n


def test_200_calls_in_one_turn_are_capped_and_few_run_at_once(play, agent):
    agent.add_version(chain=SCRIPTED, tools=["crowd_in"], max_parallel_calls=2, max_calls_in_turn=12, max_steps=500)
    run = play("r", [asks(*[("crowd_in", {"n": n}) for n in range(200)]), says("done")])
    said = results(run)
    assert (run.status, loads(run.result), run.seq) == ("succeeded", "done", 203)
    assert said[:12] == [str(n) for n in range(12)] and len(said) == 200
    assert all("At most 12 calls" in text and "too_many_calls" in text for text in said[12:])
    assert crowd.most == 2
    assert journal_check.verify(run) == 203


def test_an_id_that_comes_twice_in_a_turn_is_called_once(play):
    twice = asks(("ledger_look", {"what": "a"}), ("ledger_look", {"what": "b"}), ("ledger_look", {"what": "c"}))
    twice[1]["id"] = "t0"
    run = play("r", [twice, says("done")])
    said = results(run)
    assert said[0] == "seen a" and "repeated_id" in said[1] and said[2] == "seen c"
    assert list(ToolCall.objects.order_by("position").values_list("status", flat=True)) == [
        "succeeded",
        "failed",
        "succeeded",
    ]


async def study(run, topic):
    run.messages.say(topic)
    while (reply := await run.model()).tool_calls:
        await run.tools(reply.tool_calls)
    return reply.text


@flow("studies", says_input=False)
async def studies(run):
    return await run.gather(study(run.aside("law"), "law"), study(run.aside("price"), "price"))


@flow("studies-in-one", says_input=False)
async def studies_in_one(run):
    return await run.gather(study(run, "law"), study(run, "price"))


def test_branches_of_a_gather_speak_apart(start):
    from agents.runtime.advance import advance

    STORIES["law"] = [asks(("ledger_look", {"what": "law"})), says("legal")]
    STORIES["price"] = [asks(("ledger_look", {"what": "price"})), says("cheap")]
    run = start("r", [], flow="studies")
    advance(run.pk)
    run.refresh_from_db()
    assert loads(run.result) == ["legal", "cheap"]
    law = messages_at(run, conversation="law")
    assert [message["role"] for message in law] == ["user", "assistant", "user", "assistant"]
    assert law[0]["content"] == "law" and law[2]["content"][0]["content"] == "seen law"
    assert messages_at(run) == [] and journal_check.verify(run) == run.seq


def test_branches_that_speak_in_one_conversation_are_told_how_not_to(play):
    run = play("r", [], flow="studies-in-one")
    assert run.status == "failed" and "run.aside" in run.error["message"]
