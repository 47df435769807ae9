"""Editing the arguments of a request in the browser."""

import re
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from django.test import Client

from console.edit_form import in_words
from console.schema_form import Field
from reviews.models import ApprovalRequest
from tests.console.conftest import HTMX
from tests.console.desk import post, read
from tests.factories import House, make_approval, make_policy
from tests.reviews.stories import TWO_SEATS, call_of, decide
from workspaces.models import AuditEntry

DENIED = {"name": "Never so much", "effect": "deny", "tool": "refund", "condition": "args.amount > 100.0"}


def test_an_edit_keeps_types_and_stays_on_the_card(browse: Callable[[str], Client], approval: ApprovalRequest) -> None:
    answer = post(browse("ana"), approval, "edit", headers=HTMX, **{"arg:/amount": "12.5", "arg:/order": "17"})

    assert answer["HX-Push-Url"] == f"/review/{approval.pk}"
    assert (approval.status, approval.revision) == ("pending", 2)
    assert orjson.loads(bytes(call_of(approval).args)) == {"amount": 12.5, "order": "17"}
    card = read(browse("ben"), approval)
    assert re.search(r"<del><span class=.said.>80</span>\s*</del>", card)
    assert re.search(r"<ins><span class=.said.>12.5</span>\s*</ins>", card)
    assert "-  &quot;amount&quot;: 80," in read(browse("ben"), approval, "?args=diff")


def test_one_edits_and_approves_at_once(browse: Callable[[str], Client], approval: ApprovalRequest) -> None:
    post(browse("ana"), approval, "edit_and_approve", **{"arg:/amount": "12", "arg:/order": "A-1"})

    assert (approval.status, approval.revision) == ("approved", 2)
    assert [made.kind for made in approval.decisions.all()] == ["edit", "approve"]
    assert call_of(approval).status == "ready"


def test_an_edit_says_why_and_all_who_read_of_it_see_that(
    browse: Callable[[str], Client], approval: ApprovalRequest
) -> None:
    typed = {"arg:/amount": "12", "arg:/order": "A-1"}
    for kind in ("edit", "edit_and_approve"):
        answer = post(browse("ana"), approval, kind, headers=HTMX, reason=" ", **typed)
        form = answer.content.decode()
        assert (answer.status_code, approval.revision) == (422, 1)
        assert 'value="12"' in form and "Say why you change it." in form
        assert re.search(r'id="edit-reason" [^>]* aria-invalid="true"[^>]* autofocus', form)
        assert form.count("autofocus") == 1

    post(browse("ana"), approval, "edit_and_approve", reason="Half was <kept>", **typed)
    assert [(made.kind, made.reason) for made in approval.decisions.all()] == [
        ("edit", "Half was <kept>"),
        ("approve", ""),
    ]
    assert "Half was <kept>" in str(AuditEntry.objects.get(kind="approval.edit").detail)
    for path in (f"/review/{approval.pk}", f"/review/{approval.pk}/record"):
        assert "Half was &lt;kept&gt;" in browse("olga").get(path).content.decode()
    assert "Half was &lt;kept&gt;" in browse("root").get("/audit").content.decode()


def test_arguments_that_do_not_fit_are_named_and_nothing_changes(
    browse: Callable[[str], Client], approval: ApprovalRequest
) -> None:
    wrong = {"arg:/amount": "much", "arg:/order": "A"}
    answer = post(browse("ana"), approval, "edit", headers=HTMX, **wrong)
    form = answer.content.decode()

    assert (answer.status_code, answer["HX-Retarget"], answer["HX-Reswap"]) == (422, "#arguments", "outerHTML")
    assert re.search(r'id="arg:/amount" [^>]* aria-invalid="true"[^>]* autofocus', form) and 'value="much"' in form
    assert "is not of type" in form and "<html" not in form
    assert approval.revision == 1
    whole = post(browse("ana"), approval, "edit", **wrong)
    assert whole.status_code == 422 and 'value="much"' in whole.content.decode()


def test_who_edits_is_told_what_the_rules_would_say(house: House, browse: Callable[[str], Client]) -> None:
    make_policy(house.workspace, TWO_SEATS, DENIED)
    approval = make_approval(house, arguments={"amount": 80, "order": "A-1"})
    decide(approval, "approve", house.by("cleo"))
    before = ApprovalRequest.objects.values().get()

    def told(who: str, amount: str) -> Any:
        return browse(who).post(f"/review/{approval.pk}/check", {"arg:/amount": amount, "arg:/order": "A-1"})

    same = told("ana", "12").content.decode()
    assert "same result" in same and "Cleo has approved the arguments as they were" in same
    assert "Nothing is changed yet" in told("ana", "80").content.decode()
    assert "forbids this call" in told("ana", "101").content.decode()
    assert "amount: " in told("ana", "much").content.decode()
    assert told("olga", "12").status_code == 403 and told("sam", "12").status_code == 404
    assert ApprovalRequest.objects.values().get() == before

    decide(approval, "reject", house.by("ben"), reason="no")
    assert told("ana", "12").status_code == 204  # the card itself tells of it


def test_an_edit_that_the_rules_deny_is_refused(
    house: House, browse: Callable[[str], Client], approval: ApprovalRequest
) -> None:
    make_policy(house.workspace, DENIED)
    answer = post(browse("ana"), approval, "edit", **{"arg:/amount": "101", "arg:/order": "A"})

    assert answer.status_code == 422
    assert "Never so much" in answer.content.decode()


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        (
            {"pattern": "^[0-9]+[.][0-9]{2}$", "description": "Euros with two decimals.", "examples": ["24.90"]},
            "This does not fit. Euros with two decimals. For example 24.90.",
        ),
        ({"pattern": "^[0-9]+$"}, "This does not fit."),
    ],
)
def test_a_pattern_is_said_in_words(schema: dict[str, Any], said: str) -> None:
    field = Field(("amount",), "string", "1.00", schema)

    assert in_words(field, f'"945" does not match "{schema["pattern"]}"') == said
    assert in_words(field, '"" is shorter than 1 character') == '"" is shorter than 1 character'
