"""Runs that wait for people: the real runtime, the real gate, tools in real processes."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from django.db.models.functions import Now
from django.test import Client, override_settings

from agents.gateway.scripted import script
from agents.gateway.types import ModelRequest
from agents.models import Checkpoint, Run, ToolCall
from agents.runtime.advance import advance
from agents.starting import start_run
from agents.tools import children
from reviews.expiry import expire
from reviews.models import ApprovalRequest, PolicySet
from tests.factories import House, make_agent, make_house, make_policy
from tests.reviews import tools
from tests.reviews.stories import call_of, decide
from workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db(transaction=True)
MAIL = {"order": "A", "to": "eve@example.org"}


@script("reviewed")
def reviewed(request: ModelRequest) -> list[dict[str, Any]]:
    """Proposes one call, {name: arguments} in the input, or some of a list; then repeats the results word by word."""
    first, last = request.messages[0]["content"], request.messages[-1]["content"]
    if request.turns_so_far:
        return [{"type": "text", "text": orjson.dumps(last).decode()}]
    ((name, arguments),) = orjson.loads(first if isinstance(first, str) else first[0]["text"]).items()
    every = arguments if isinstance(arguments, list) else [arguments]
    return [{"type": "tool_use", "id": f"t{n}", "name": name, "input": one} for n, one in enumerate(every)]


@pytest.fixture(scope="module", autouse=True)
def _children() -> Iterator[None]:
    children.stop()
    with override_settings(TOOL_MODULES=[tools.__name__]):
        children.start()
    yield
    children.stop()


@pytest.fixture
def house(transactional_db: None) -> House:
    house = make_house()
    chain = [{"provider": "scripted", "model": "reviewed"}]
    make_agent(house.workspace, "clerk", ["reviewed_mail", "reviewed_break", "reviewed_customer"], chain=chain)
    return house


def begun(house: House, tool: str = "reviewed_mail", arguments: dict[str, Any] | None = None) -> Run:
    run = start_run(house.by("olga"), "clerk", orjson.dumps({tool: arguments or MAIL}).decode())
    return went_on(run)


def went_on(run: Run) -> Run:
    advance(run.pk)
    run.refresh_from_db()
    return run


def pending() -> ApprovalRequest:
    return ApprovalRequest.objects.get(status="pending")


def test_what_runs_is_what_was_approved(house: House) -> None:
    run = begun(house)
    assert (run.status, pending().title) == ("waiting", "Mail eve@example.org about A of Ada")
    decide(pending(), "edit", house.by("ben"), args={"order": "A", "to": "ada@example.org"})
    approval = pending()
    decide(approval, "approve", house.by("ana"))
    run = went_on(run)
    call = call_of(approval)
    assert (run.status, call.status) == ("succeeded", "succeeded")
    assert bytes(call.digest) == bytes(approval.digest) == bytes(approval.decisions.last().digest)  # type: ignore[union-attr]
    said = orjson.loads(Checkpoint.objects.get(kind="tool").outcome)
    assert said["value"] == "mailed ada@example.org about A"
    assert "a reviewer changed the arguments" in said["note"]


@pytest.mark.parametrize(
    ("kind", "said", "status", "words"),
    [
        ("reject", {"reason": "Not to strangers."}, "rejected", "Not to strangers."),
        ("respond", {"text": "Call her instead."}, "answered", "Call her instead."),
    ],
)
def test_the_agent_reads_what_people_said(
    house: House, kind: str, said: dict[str, str], status: str, words: str
) -> None:
    run = begun(house)
    decide(pending(), kind, house.by("ana"), **said)
    run = went_on(run)
    assert (run.status, ToolCall.objects.get().status) == ("succeeded", status)
    assert words in str(run.result)


def test_nobody_answers_and_the_agent_goes_on(house: House) -> None:
    run = begun(house)
    ApprovalRequest.objects.update(deadline_at=Now())
    expire()
    run = went_on(run)
    assert (run.status, ToolCall.objects.get().status) == ("succeeded", "expired")
    assert "Nobody decided" in str(run.result)


def test_a_decision_that_can_be_undone_takes_effect_later(house: House) -> None:
    make_policy(house.workspace, {"name": "slow", "effect": "ask", "undo_seconds": 60})
    run = begun(house)
    approval = pending()
    decide(approval, "approve", house.by("ana"))
    assert went_on(run).status == "waiting"
    assert call_of(approval).status == "waiting"
    ToolCall.objects.update(effective_at=Now())
    Run.objects.update(due=Now())
    assert went_on(run).status == "succeeded"


def test_stricter_rules_void_an_approval_that_has_not_run(house: House) -> None:
    policy = make_policy(house.workspace, {"name": "one", "effect": "ask"})
    run = begun(house)
    first = pending()
    decide(first, "approve", house.by("ana"))
    seats = [{"count": 1, "group": "finance"}, {"count": 1, "group": None}]
    PolicySet.objects.get(pk=policy.pk).publish([{"name": "two", "effect": "ask", "seats": seats}], None)
    run = went_on(run)
    first.refresh_from_db()
    assert (run.status, first.status, call_of(first).status) == ("waiting", "withdrawn", "waiting")
    assert ApprovalRequest.objects.count() == 2
    decide(pending(), "approve", house.by("ana"))
    decide(pending(), "approve", house.by("cleo"))
    run = went_on(run)
    assert (run.status, ToolCall.objects.get().status) == ("succeeded", "succeeded")


def test_a_rule_that_now_forbids_it_beats_the_approval(house: House) -> None:
    policy = make_policy(house.workspace, {"name": "one", "effect": "ask"})
    run = begun(house)
    decide(pending(), "approve", house.by("ana"))
    PolicySet.objects.get(pk=policy.pk).publish([{"name": "never", "effect": "deny"}], None)
    run = went_on(run)
    assert (run.status, ToolCall.objects.get().status) == ("succeeded", "denied")


def test_other_rules_that_ask_for_the_same_leave_an_approval_standing(house: House) -> None:
    run = begun(house)
    decide(pending(), "approve", house.by("ana"))
    make_policy(house.workspace, {"name": "other", "effect": "ask", "tool": "refund"})
    assert went_on(run).status == "succeeded"
    assert ApprovalRequest.objects.count() == 1


def test_a_cancelled_run_withdraws_its_approvals(house: House) -> None:
    run = begun(house)
    approval = pending()
    run.cancel(reason="enough")
    run = went_on(run)
    approval.refresh_from_db()
    assert (run.status, approval.status, call_of(approval).status) == ("cancelled", "withdrawn", "cancelled")


def test_people_say_what_became_of_a_call_in_doubt(house: House) -> None:
    make_policy(house.workspace, {"name": "all", "effect": "allow"})
    run = begun(house, "reviewed_break", {"what": "x"})
    assert (run.status, pending().subject_kind) == ("waiting", "in_doubt")
    decide(pending(), "happened", house.by("ana"), result={"id": 7}, reason="Seen.")
    run = went_on(run)
    assert (run.status, ToolCall.objects.get().status) == ("succeeded", "succeeded")
    assert "7" in str(run.result)


def test_a_retry_is_approved_anew_and_may_end_in_doubt_again(house: House) -> None:
    run = begun(house, "reviewed_break", {"what": "x"})
    decide(pending(), "approve", house.by("ana"))
    run = went_on(run)
    assert pending().subject_kind == "in_doubt"
    decide(pending(), "retry", house.by("ben"), reason="Not in the log.")
    assert went_on(run).status == "waiting"
    assert (pending().subject_kind, ToolCall.objects.get().status) == ("tool_call", "waiting")
    decide(pending(), "approve", house.by("ben"))
    run = went_on(run)
    call = ToolCall.objects.get()
    assert (call.status, call.attempt, pending().subject_kind) == ("in_doubt", 2, "in_doubt")


def test_a_question_waits_for_an_answer(house: House) -> None:
    run = begun(house, "question", {"text": "Which order?"})
    assert pending().subject_kind == "question"
    decide(pending(), "respond", house.by("ana"), text="Order B.")
    assert "Order B." in str(went_on(run).result)


def test_a_run_that_floods_people_is_paused_until_one_of_them_resumes_it(house: House, settings: Any) -> None:
    settings.MAX_REQUESTS_A_MINUTE = 2
    assert begun(house).status == "waiting"
    run = begun(house, arguments=[{**MAIL, "to": f"{n}@example.org"} for n in range(3)])  # type: ignore[arg-type]
    assert run.status == "paused" and run.pause_reason.startswith("It asked people 3 times within a minute.")
    asked = ApprovalRequest.objects.filter(run=run, status="pending")
    assert asked.count() == 3
    client = Client()
    client.force_login(house.ana)
    card = client.get(f"/review/{asked[0].pk}").content.decode()
    assert "Its run is paused.</b> It asked people 3 times" in card
    assert client.get(f"/review?view=open&run={run.pk}").content.decode().count("data-row") == 3

    for approval in asked:
        decide(approval, "approve", house.by("ana"))
    assert went_on(run).status == "paused"
    run.resume(by=house.by("olga"))
    assert went_on(run).status == "succeeded"
    assert AuditEntry.objects.get(kind="run.pause").actor == "system"
