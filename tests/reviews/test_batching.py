"""Deciding together: one verb each, one id for all, and only what is alike and was seen."""

import pytest

from reviews.batching import ALONE, MAX_BATCH, alike, decide_together
from reviews.models import ApprovalRequest
from tests.factories import House, make_approval, make_policy, make_tool
from tests.reviews.stories import TWO_SEATS, decide
from workspaces.exceptions import Unprocessable
from workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db


def ask(house: House, amount: int) -> ApprovalRequest:
    return make_approval(house, arguments={"amount": amount, "order": "A"})


def test_each_gets_its_own_decision_with_a_shared_id(house: House) -> None:
    asked = [ask(house, amount) for amount in (1, 2, 3)]
    digests = {one.pk: bytes(one.digest) for one in asked}
    decide(asked[1], "reject", house.by("ben"), reason="first")
    decide(asked[2], "edit", house.by("ben"), args={"amount": 30, "order": "A"})
    first, second, third = decide_together(asked, "approve", by=house.by("ana"), digests=digests)

    assert first.decision and first.decision.batch and first.approval.status == "approved"
    assert (second.decision, second.refusal) == (None, "Ben has already rejected this.")
    assert third.decision is None and "have changed since you looked" in third.refusal
    again = decide_together(asked[:1], "approve", by=house.by("ana"), digests=digests)[0]
    assert first.is_new and not again.is_new and again.decision == first.decision
    entry = AuditEntry.objects.get(kind="approval.approve")
    assert str(first.decision.batch) in entry.detail


def test_what_is_not_alike_is_decided_alone(house: House) -> None:
    make_policy(house.workspace, TWO_SEATS, {"name": "high", "effect": "ask", "tool": "find", "risk": "high"})
    make_tool(house.workspace, "other")
    plain, high = make_approval(house, "other", {}), make_approval(house, "find", {})
    two, question = ask(house, 1), make_approval(house, "question", {"text": "Which?"})
    asked = [plain, high, two, question]
    results = decide_together(
        asked, "approve", by=house.by("ana"), digests={one.pk: bytes(one.digest) for one in asked}
    )

    assert [one.refusal for one in results] == ["", ALONE["high"], ALONE["seats"], ALONE["kind"]]
    assert ApprovalRequest.objects.pending().count() == 3
    assert alike(plain, ApprovalRequest.objects.all()).get() == plain

    many = {"name": "many", "effect": "ask", "tool": "other", "risk": "high", "batchable": True}
    make_policy(house.workspace, many, name="Many")
    grave = [make_approval(house, "other", {}) for _ in range(2)]
    digests = {one.pk: bytes(one.digest) for one in grave}
    assert all(one.decision for one in decide_together(grave, "approve", by=house.by("ana"), digests=digests))


def test_another_agent_version_is_not_alike(house: House) -> None:
    first = ask(house, 1)
    version = house.agent.active_version
    assert version
    house.agent.add_version(chain=version.chain, tools=version.tools)
    house.agent.refresh_from_db()
    later = ask(house, 2)
    digests = {one.pk: bytes(one.digest) for one in (first, later)}

    assert decide_together([first, later], "approve", by=house.by("ana"), digests=digests)[1].refusal == ALONE["other"]
    assert list(alike(first, ApprovalRequest.objects.all())) == [first]


def test_a_batch_has_a_size_and_a_kind(house: House) -> None:
    one = ask(house, 1)
    for asked, kind in (([], "approve"), ([one] * (MAX_BATCH + 1), "approve"), ([one], "edit")):
        with pytest.raises(Unprocessable):
            decide_together(asked, kind, by=house.by("ana"), digests={one.pk: bytes(one.digest)})
