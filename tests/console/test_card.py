"""What a card says about itself."""

import re
from collections.abc import Callable

from django.test import Client

from reviews.models import ApprovalRequest
from tests.console.desk import post, read
from tests.factories import House, make_approval, make_policy
from tests.reviews.stories import TWO_SEATS, decide
from workspaces.models import Membership


def test_a_request_that_nobody_can_decide_says_what_helps(house: House, browse: Callable[[str], Client]) -> None:
    doubt = make_approval(house, status="in_doubt")
    ana = browse("ana")
    assert "Nobody can decide this" not in ana.get(f"/review/{doubt.pk}").content.decode()

    Membership.objects.filter(person__in=[house.ben, house.cleo]).update(roles=["viewer"])
    ApprovalRequest.objects.filter(pk=doubt.pk).update(excluded=[house.ana.pk])

    assert "Nobody can decide this" in ana.get(f"/review/{doubt.pk}").content.decode()


def test_seats_speak_to_the_reader(house: House, browse: Callable[[str], Client]) -> None:
    make_policy(house.workspace, TWO_SEATS)
    approval = make_approval(house)
    own = re.compile(r"You can take this</span><span class=.e mut.>([^<]+)<")

    assert own.findall(read(browse("ana"), approval)) == ["finance seat"]
    assert own.findall(read(browse("cleo"), approval)) == ["any approver"]
    started = read(browse("olga"), approval)
    assert not own.findall(started) and started.count("Nobody yet") == 2
    decide(approval, "approve", house.by("ana"))
    card = read(browse("ana"), approval)
    assert re.search(r"<span>You</span><span class=.e okc.><span class=.mut.>finance seat</span>", card)
    assert not own.findall(card) and "Nobody yet" in card
    assert own.findall(read(browse("ben"), approval)) == ["any approver"]


def test_a_question_has_an_answer_and_no_approvals(house: House, browse: Callable[[str], Client]) -> None:
    question = make_approval(house)
    ApprovalRequest.objects.filter(pk=question.pk).update(subject_kind="question")

    card = read(browse("ana"), question)
    assert "<h2>Answer</h2>" in card and "You can answer this" in card and "Approvals" not in card.split("</h1>", 2)[2]
    assert "Nobody yet" in read(browse("olga"), question)
    post(browse("ana"), question, "respond", text="Yes")
    card = read(browse("ana"), question)
    assert "answered instead" not in card and "answered <time" in card and "0 of 1" not in card


def test_policy_and_risk_of_an_edit_are_marked_as_those_of_the_proposal(
    house: House, browse: Callable[[str], Client], approval: ApprovalRequest
) -> None:
    assert "as proposed" not in read(browse("ana"), approval)
    editing = read(browse("ana"), approval, "?edit")
    assert re.search(r'id="policy-of">as proposed<', editing) and re.search(r'id="risk-of">as proposed<', editing)
    decide(approval, "edit", house.by("ben"), args={"amount": 5, "order": "A"})
    assert read(browse("ana"), approval, "?edit").count(">of revision 2<") == 2
