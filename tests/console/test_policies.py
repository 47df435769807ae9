"""Policies: what is in force and how often it spoke, the next revision by form or CEL, and trying a rule out."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agents.models import ToolCall
from console.rule_form import Condition
from reviews.models import PolicySet, Rule
from reviews.policy.building import Line, compiled, lines_of
from reviews.policy.conditions import check_condition, holds
from tests.factories import House, make_call, make_policy, make_run
from workspaces.models import AuditEntry

FORM = {
    "after": "0", "name": "Big", "tool": "refund", "agent": "*", "labels": "team=returns", "effect": "ask",
    "mode": "enforce", "risk": "high", "how": "cel", "condition": "double(args.amount) > 50.0",
    "seat_count": ["2", "1", ""], "seat_group": ["finance", "", ""], "deadline": "90", "unit": "60",
    "on_expiry": "reject", "channels": ["web"], "undo_seconds": "5", "edit_allowed": "on", "batchable": "on",
}  # fmt: skip


def text(page: Any) -> str:
    return page.content.decode()


def test_an_admin_writes_a_policy_from_nothing(house: House, browse: Callable[[str], Client]) -> None:
    root, olga = browse("root"), browse("olga")
    assert "Name one below" in text(root.get("/policies")) and "New policy" not in text(olga.get("/policies"))
    assert root.post("/policies", {"name": " "}).status_code == 422
    new = root.post("/policies", {"name": "Refunds"})["Location"]
    policy = PolicySet.objects.get()

    assert new == f"/policies/{policy.pk}/rules/new" and root.get(new).status_code == 200
    saved = root.post(new, FORM)
    assert saved["Location"] == f"/policies/{policy.pk}?revision=1"
    rule = Rule.objects.in_force(house.workspace.pk).get()
    assert rule.seats == [{"count": 2, "group": "finance"}, {"count": 1, "group": None}]
    assert (rule.labels, rule.deadline_seconds, rule.undo_seconds) == ({"team": "returns"}, 5400, 5) and rule.batchable
    form = text(root.get(f"/policies/{policy.pk}/rules/{rule.pk}"))
    assert "team=returns" in form and 'value="90"' in form and "double(args.amount) &gt; 50.0" in form

    changed = root.post(
        f"/policies/{policy.pk}/rules/{rule.pk}", FORM | {"after": "1", "mode": "shadow", "action": "draft"}
    )
    assert changed.status_code == 302
    page = text(root.get(f"/policies/{policy.pk}?revision=2"))
    assert "a draft" in page and "changed" in page and "Put r2 in force" in page
    assert "Put r2 in force" not in text(olga.get(f"/policies/{policy.pk}?revision=2"))
    assert Rule.objects.in_force(house.workspace.pk).get().mode == "enforce"
    root.post(f"/policies/{policy.pk}/activation", {"revision": "2"})
    assert Rule.objects.in_force(house.workspace.pk).get().mode == "shadow"

    second = Rule.objects.in_force(house.workspace.pk).get()
    assert root.post(f"/policies/{policy.pk}/rules/{second.pk}", {"after": "2", "action": "remove"}).status_code == 302
    assert "Deleted since r2: <del>Big</del>" in text(root.get(f"/policies/{policy.pk}"))
    root.post(f"/policies/{policy.pk}/activation", {})
    assert "not in force" in text(root.get("/policies"))
    kinds = list(AuditEntry.objects.filter(kind__startswith="policy.").order_by("pk").values_list("kind", flat=True))
    assert kinds == [
        "policy.kept", "policy.drafted", "policy.activated", "policy.drafted", "policy.activated", "policy.drafted",
        "policy.activated", "policy.switched_off",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"condition": "args.amount >"}, "Line 1, column 14."),
        ({"condition": "true &&\n 'x'"}, "cannot be read"),
        ({"labels": "team"}, "is no label"),
        ({"seat_count": ["21", "", ""]}, "At most 20 people"),
        ({"deadline": "40", "unit": "86400"}, "30 days at most"),
        ({"on_expiry": "respond"}, "needs the text of that answer"),
        ({"undo_seconds": "2000"}, "1,800 seconds at most"),
        ({"name": "Taken"}, "already exists"),
        ({"effect": "maybe"}, "Select a valid choice"),
        ({"channels": []}, "required"),
        ({"how": "lines", "path": ["amount"], "operator": ["gt"], "value": ["5"]}, "is no path"),
        ({"how": "lines", "path": ["args.amount"], "operator": ["gt"], "value": ["much"]}, "is no number"),
        ({"after": "7"}, "Somebody has saved revision 1 meanwhile"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_and_nothing_typed_is_lost(
    house: House, browse: Callable[[str], Client], wrong: dict[str, Any], said: str
) -> None:
    policy = make_policy(house.workspace, {"name": "Taken", "effect": "deny", "tool": "mail"})
    answer = browse("root").post(f"/policies/{policy.pk}/rules/new", FORM | {"name": "Mine, <b>", "after": "1"} | wrong)

    assert answer.status_code in (409, 422) and said in text(answer)
    assert "Mine, &lt;b&gt;" in text(answer) or "name" in wrong
    assert PolicySet.objects.get().revisions.count() == 1


def test_only_admins_change_policies(house: House, browse: Callable[[str], Client]) -> None:
    policy = make_policy(house.workspace, {"name": "R", "effect": "deny", "tool": "mail"})
    for name in ("olga", "ana"):
        client = browse(name)
        assert client.get(f"/policies/{policy.pk}").status_code == 200
        for path in ("rules/new", f"rules/{Rule.objects.get().pk}", "activation"):
            assert client.post(f"/policies/{policy.pk}/{path}", FORM).status_code == 403
        for path in ("/policies", "/policies/conditions", "/policies/trials"):
            assert client.post(path, FORM).status_code == 403
    assert PolicySet.objects.get().revisions.count() == 1


def test_hits_are_told_by_revision_and_a_rule_is_tried_on_what_was(
    house: House, browse: Callable[[str], Client]
) -> None:
    policy = make_policy(
        house.workspace, {"name": "Big", "effect": "ask", "tool": "refund", "condition": "args.amount > 50"}
    )
    make_policy(house.workspace, {"name": "<i>Any", "effect": "ask", "tool": "*"}, name="Other")
    run = make_run(house.agent, house.olga)
    for amount in (10, 60, 70):
        make_call(run, "refund", {"amount": amount, "order": f"<i>{amount}"})
    root, call = browse("root"), ToolCall.objects.get(title__contains="60")
    assert '<td class="n num" data-label="Hits">2</td>' in text(root.get("/policies"))
    shown = text(root.get("/policies"))
    assert "Overlaps with &lt;i&gt;Any in 2 of 2</small>" in shown and "Overlaps with Big in 2 of 3</small>" in shown
    policy.publish([rule.columns() for rule in Rule.objects.all()], None)
    assert '<td class="n num" data-label="Hits">2</td>' not in text(root.get(f"/policies/{policy.pk}"))
    assert '<td class="n num" data-label="Hits">2</td>' in text(root.get(f"/policies/{policy.pk}?revision=1"))

    tried = text(root.post("/policies/trials", FORM | {"labels": "", "call": str(call.pk)}))
    assert "It would have matched" in tried and "<code>args.amount</code>" in tried and "&lt;i&gt;60" in tried
    assert ">2</b> of 3 calls" in tried and "each was judged at least as strictly" in tried
    ToolCall.objects.filter(title__contains="70").update(verdict={"stand_in": {"kind": "record"}})
    tried = text(root.post("/policies/trials", FORM | {"labels": ""}))
    assert ">1</b> of 2 calls" in tried and 'Not counted: <b class="num">1</b>' in tried and "asked about," in tried
    ToolCall.objects.filter(pk=call.pk).update(verdict={"decision": "allow"})
    assert '<b class="num">1</b> time more' in text(root.post("/policies/trials", FORM | {"labels": ""}))
    tried = text(
        root.post("/policies/trials", FORM | {"labels": "", "condition": "args.gone > 1", "call": str(run.pk)})
    )
    assert "There is no call with the id" in tried and 'in <b class="badc num">2</b>' in tried
    assert ">0</b> of 2 calls" in text(root.post("/policies/trials", FORM))  # its label is not theirs
    assert "cannot be tried" in text(root.post("/policies/trials", FORM | {"condition": "("}))

    PolicySet.objects.get(name="Other").switch_off(None)
    big = policy.publish([Rule.objects.filter(name="Big")[0].columns()], None).rules.get()
    eased = FORM | {"labels": "", "effect": "allow", "replaces": str(big.pk)}
    assert 'let <b class="num">2</b> through' in text(root.post("/policies/trials", eased))
    for same in (eased | {"effect": "ask"}, eased | {"replaces": "9" * 30}, eased | {"replaces": ""}):
        assert "through" not in text(root.post("/policies/trials", same))


def test_pages_ask_a_bounded_number_of_queries(house: House, browse: Callable[[str], Client]) -> None:
    rules = [{"name": f"rule {n}", "effect": "deny", "tool": "x"} for n in range(20)]
    policies = [make_policy(house.workspace, *rules[: 20 if n == 0 else 1], name=f"policy {n}") for n in range(20)]
    root = browse("root")
    for path, most in (
        ("/policies", 14),
        (f"/policies/{policies[0].pk}", 16),
        (f"/policies/{policies[0].pk}/rules/new", 18),
    ):
        root.get(path)
        with CaptureQueriesContext(connection) as queries:
            assert root.get(path).status_code == 200
        assert len(queries) <= most


VALUES: dict[str, Any] = {
    "args": {"amount": "80", "note": 'a "b" (c)', "n": 3, "to": {"mail": "x@y"}}, "facts": {}, "taint": [],
    "tool": {"name": "t"}, "agent": {"name": "desk"}, "run": {"labels": {}, "cost": 1.5}, "actor": {},
}  # fmt: skip
LINES = [
    (Line("args.amount", "gt", "50"), True),
    (Line("args.note", "is", 'a "b" (c)'), True),
    (Line("args.n", "in", "3, 4"), True),
    (Line("args.to.mail", "endsWith", "@y"), True),
    (Line("args.to.phone", "is", ""), False),
    (Line("args.gone.deep", "has_not"), True),
    (Line("args.n", "has"), True),
    (Line("agent.name", "is_not", "x"), True),
    (Line("run.cost", "le", "1,5"), True),
    (Line("run.labels.team", "is", "returns"), False),
]


def test_lines_say_what_they_say_and_can_be_read_back() -> None:
    for line, is_true in LINES:
        condition = compiled([line])
        check_condition(condition)
        assert holds(condition, VALUES) is is_true, condition
    lines = [line for line, _ in LINES if line.value != "1,5"]
    for join, is_true in (("all", False), ("any", True)):
        assert holds(compiled(lines, join), VALUES) is is_true
        assert lines_of(compiled(lines, join)) == (lines, join)
    for other in (
        "args.amount > 1",
        "(true",
        "(args.a) && (args.b)",
        "has(args.a) || true",
        'string(args.a) == "\\x41"',
    ):
        assert lines_of(other) is None
    assert lines_of("") == ([], "all") and Condition.of("true").how == "cel"


def test_a_condition_is_checked_as_one_types(house: House, browse: Callable[[str], Client]) -> None:
    root = browse("root")

    def check(**posted: Any) -> str:
        return text(root.post("/policies/conditions", posted))

    wrong = check(how="cel", condition="args.amount > 1 &&\n  oops == 'é'")
    assert "Line 2, column 3." in wrong and "<mark>o</mark>ops" in wrong and "textarea" not in wrong
    assert "Valid" in check(how="cel", condition="true")
    lines = {"how": "lines", "path": ["args.a", ""], "operator": ["is", "is"], "value": ["<x>", ""]}
    assert "string(args.a) == &quot;&lt;x&gt;&quot;" in check(**lines)
    assert check(**lines, add="1").count('name="path"') == 2
    as_cel = check(**lines, to="cel")
    assert "<textarea" in as_cel and "has(args.a) &amp;&amp; string" in as_cel
    assert 'value="args.a"' in check(how="cel", condition='has(args.a) && string(args.a) == "x"', to="lines")
    assert "more than lines can say" in check(how="cel", condition="args.a > 1", to="lines")
    assert "at most" in check(how="cel", condition="true && " * 500 + "true")


def test_a_rule_says_what_happens_in_the_end_as_the_card_of_its_request_does(
    house: House, browse: Callable[[str], Client]
) -> None:
    rules = [{"name": name, "effect": "ask", "tool": name} for name in ("question", "refund")]
    policy = make_policy(house.workspace, *rules)
    page = text(browse("olga").get(f"/policies/{policy.pk}"))
    assert "then the agent goes on unanswered" in page and "then it expires, nothing runs" in page
