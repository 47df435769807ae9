"""The gate: rules in force, facts, people who exist, and approvals that still stand."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from agents.models import ToolCall
from agents.runtime.gate import Proposal, Verdict
from reviews.exceptions import Withdrawn
from reviews.gate import Gate
from reviews.models import ApprovalRequest, PolicySet
from tests.factories import House, make_approval, make_call, make_policy, make_proposal, make_run
from tests.reviews import tools  # noqa: F401  # declares its tools
from workspaces.models import Event, Membership, Person

pytestmark = pytest.mark.django_db


def check(house: House, tool: str = "refund", arguments: dict[str, Any] | None = None, **fields: Any) -> Verdict:
    return Gate().check(make_proposal(make_run(house.agent, house.olga, **fields), tool, arguments))


def test_without_rules_reads_pass_and_writes_ask(house: House) -> None:
    verdict = check(house, "find", {"any": 1})
    assert (verdict.decision, "requirement" in verdict.explanation) == ("allow", False)  # nobody will ever be asked
    verdict = check(house)
    assert (verdict.decision, verdict.explanation["requirement"]["seats"]) == ("ask", [{"count": 1, "group": None}])


def test_all_active_policies_are_judged_together(house: House) -> None:
    make_policy(house.workspace, {"name": "small", "effect": "allow", "tool": "refund"}, name="A")
    verdict = check(house)
    assert (verdict.decision, "requirement" in verdict.explanation) == ("allow", True)  # it may come to doubt
    policy = make_policy(house.workspace, {"name": "none", "effect": "deny", "tool": "refund"}, name="B")
    verdict = check(house)
    assert (verdict.decision, verdict.why) == ("deny", "Rule “none” forbids this call.")
    assert [rule["policy"] for rule in verdict.explanation["rules"]] == ["A", "B"]
    policy.switch_off(None)
    assert check(house).decision == "allow"


def test_another_workspace_has_its_own_rules(house: House) -> None:
    make_policy(house.sam.memberships.get().workspace, {"name": "none", "effect": "deny"})
    assert check(house).decision == "ask"


@pytest.mark.parametrize(
    "condition",
    [
        "args.amount == 80 && args.order == 'A-1'",
        "tool.name == 'refund' && tool.effect == 'unsafe' && tool.reaches == 'inside'",
        "agent.name == 'desk' && agent.version == 1",
        "run.cost == 1.5 && run.steps == 3 && run.labels.env == 'live'",
        "actor.username == 'olga'",
        "now > timestamp('2026-01-01T00:00:00Z')",
        "size(taint) == 0 && size(facts) == 0",
    ],
)
def test_conditions_know_the_call_the_run_and_the_people(house: House, condition: str) -> None:
    make_policy(house.workspace, {"name": "deny", "effect": "deny", "condition": condition})
    assert check(house, cost=1_500_000, seq=3, labels={"env": "live"}).decision == "deny"


def test_facts_are_looked_up_and_kept(house: House) -> None:
    own = "args.to == facts.customer.email"
    make_policy(house.workspace, {"name": "own", "effect": "allow", "tool": "reviewed_mail", "condition": own})
    verdict = check(house, "reviewed_mail", {"order": "A", "to": "A@example.org"})
    assert (verdict.decision, verdict.facts) == ("allow", {"customer": {"name": "Ada", "email": "A@example.org"}})
    assert check(house, "reviewed_mail", {"order": "A", "to": "b@example.org"}).decision == "ask"
    lost = check(house, "reviewed_mail", {"order": "lost", "to": "b@example.org"})
    assert lost.decision == "ask" and "“own” could not be evaluated" in lost.why


def test_a_question_is_asked_even_where_everything_is_allowed(house: House) -> None:
    make_policy(house.workspace, {"name": "all", "effect": "allow", "seats": [{"count": 1, "group": "finance"}]})
    verdict = check(house, "question", {"text": "Why?"})
    assert (verdict.decision, verdict.explanation["requirement"]["seats"]) == (
        "ask",
        [{"count": 1, "group": "finance"}],
    )


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([{"seats": [{"count": 1, "group": "legal"}]}], "1 of legal"),
        ([{"seats": [{"count": 3, "group": "finance"}]}], "3 of finance"),
        ([{"seats": [{"count": 2, "group": "finance"}, {"count": 2, "group": None}]}], "2 of any approver"),
        ([{"channels": ["api"]}, {"channels": ["web"]}], "exclude each other"),
    ],
)
def test_what_nobody_could_approve_is_denied_at_once(house: House, rules: list[dict[str, Any]], said: str) -> None:
    make_policy(house.workspace, *({"name": f"r{i}", "effect": "ask", **rule} for i, rule in enumerate(rules)))
    verdict = check(house)
    assert verdict.decision == verdict.explanation["decision"] == "deny"
    assert said in verdict.why
    assert Event.objects.filter(kind="run.nobody_may_approve").count() == 1


def test_whoever_started_the_run_is_nobody_here(house: House) -> None:
    make_policy(house.workspace, {"name": "two", "effect": "ask", "seats": [{"count": 2, "group": "finance"}]})
    assert check(house).decision == "ask"
    verdict = Gate().check(make_proposal(make_run(house.agent, house.ana)))
    assert verdict.decision == "deny" and "other than whoever started the run" in verdict.why


def test_people_who_are_locked_out_are_nobody_either(house: House) -> None:
    for person in (house.ana, house.ben, house.cleo):
        person.admit(is_active=False, by=None)
    assert check(house).decision == "deny"


# --- approvals that stand ---


@pytest.fixture
def approved(house: House) -> ApprovalRequest:
    make_policy(house.workspace, {"name": "ask", "effect": "ask", "seats": [{"count": 1, "group": "finance"}]})
    approval = make_approval(house)
    approval.decide("approve", by=house.by("ana"), digest=bytes(approval.digest))
    return approval


def asked_again(approval: ApprovalRequest, **fields: Any) -> Verdict:
    run = approval.run
    proposal = make_proposal(run, arguments=ToolCall.objects.get().arguments)
    return Gate().check(replace(proposal, call_id=approval.tool_call_id, **fields))


def test_an_approval_stands_under_rules_that_ask_for_the_same(house: House, approved: ApprovalRequest) -> None:
    assert asked_again(approved).stands
    PolicySet.objects.get().publish(
        [{"name": "other name", "effect": "ask", "seats": [{"count": 1, "group": "finance"}]}], None
    )
    assert asked_again(approved).stands


def publish_more(house: House) -> None:
    PolicySet.objects.get().publish(
        [{"name": "ask", "effect": "ask", "seats": [{"count": 2, "group": "finance"}]}], None
    )


def take_role(house: House) -> None:
    Membership.objects.get(person=house.ana).change(
        roles=["viewer"], groups=[house.workspace.groups.get(name="finance")], by=None
    )


def take_group(house: House) -> None:
    Membership.objects.get(person=house.ana).change(roles=["approver"], groups=[], by=None)


def lock_out(house: House) -> None:
    Person.objects.get(pk=house.ana.pk).admit(is_active=False, by=None)


@pytest.mark.parametrize("change", [publish_more, take_role, take_group, lock_out])
def test_an_approval_falls_with_rules_role_and_group(
    house: House, approved: ApprovalRequest, change: Callable[[House], None]
) -> None:
    change(house)
    verdict = asked_again(approved)
    assert (verdict.decision, verdict.stands) == ("ask", False)


def test_an_approval_is_for_one_digest_and_one_declaration_of_the_tool(house: House, approved: ApprovalRequest) -> None:
    def with_tool(proposal: Proposal) -> Proposal:
        return replace(proposal, tool=replace(proposal.tool, description="Now something else."))

    run, call_id = approved.run, approved.tool_call_id
    proposal = replace(make_proposal(run, arguments=ToolCall.objects.get().arguments), call_id=call_id)
    assert not Gate().check(replace(proposal, digest=bytes(32))).stands
    assert not Gate().check(with_tool(proposal)).stands
    assert not Gate().check(replace(proposal, call_id=None)).stands


def test_an_approval_that_fell_is_asked_for_again(house: House, approved: ApprovalRequest) -> None:
    ToolCall.objects.update(status="waiting")
    Gate().opened([approved.tool_call_id])
    approved.refresh_from_db()
    again = ApprovalRequest.objects.get(status="pending")
    assert (approved.status, again.tool_call_id) == ("withdrawn", approved.tool_call_id)
    assert again.votes().count() == 0
    with pytest.raises(Withdrawn):
        approved.decide("reject", by=house.by("ben"), digest=bytes(approved.digest), reason="No.")


# --- what closes ---


def test_the_end_of_a_run_withdraws_what_is_open(house: House) -> None:
    run = make_run(house.agent, house.olga)
    one, two = make_call(run), make_call(run, arguments={"amount": 9, "order": "B"})
    Gate().closed([one.pk])
    statuses = dict(ApprovalRequest.objects.values_list("tool_call", "status"))
    assert statuses == {one.pk: "withdrawn", two.pk: "pending"}
    assert Event.objects.filter(kind="approval.withdrawn").count() == 1


def test_a_call_that_is_not_in_doubt_is_not_resolved(house: House, approval: ApprovalRequest) -> None:
    with pytest.raises(Withdrawn, match="not in doubt, it is waiting"):
        Gate().resolve(
            approval.tool_call, by=house.by("ana"), kind="happened", digest=bytes(approval.digest), result=1, reason="x"
        )
