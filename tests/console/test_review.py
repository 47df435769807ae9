"""The card of a request, and deciding it in the browser."""

import re
from collections.abc import Callable
from json import loads

import pytest
from django.test import Client

from agents.models import Run, ToolCall
from reviews.models import ApprovalRequest
from tests.console.conftest import HTMX
from tests.console.desk import post, read
from tests.factories import House, make_approval, make_policy
from tests.reviews.stories import TWO_SEATS, call_of, decide, outcome_of


def test_the_card_says_what_when_who_and_why(house: House, browse: Callable[[str], Client], waiting: Run) -> None:
    card = read(browse("ana"), ApprovalRequest.objects.get())

    prefix = bytes(ApprovalRequest.objects.get().digest).hex()[:16]
    facts = "Needs your approval", "Refund 90.5 for A-1", "shop_refund", "Olga", "Scripted model", "finance seat"
    for said in (*facts, prefix, "from the result of shop_order"):
        assert said in card
    assert ">unverified<" in card
    assert "then it expires, nothing runs" in card
    assert "Finance</b>" in card


@pytest.mark.parametrize("query", ["", "?args=json", "?edit"])
def test_everything_on_a_card_is_text(browse: Callable[[str], Client], waiting: Run, query: str) -> None:
    card = read(browse("ana"), ApprovalRequest.objects.get(), query)

    for hostile in ("<img src=x", "<a hx-get='/runs'", "<script>Marta", "<b>Broken", "<em>", "\u200b"):
        assert hostile not in card
    assert "⟨U+200B⟩hidden" in card and "⟨U+202E⟩etoh" in card
    assert ("\u202e" in card) == (query == "?edit")  # only a field that is edited holds the very value


def test_the_raw_view_is_the_stored_bytes(browse: Callable[[str], Client], waiting: Run) -> None:
    approval = ApprovalRequest.objects.get()
    card = read(browse("ana"), approval, "?args=json")

    assert "{&quot;amount&quot;:90.5,&quot;note&quot;:&quot;&lt;em&gt;⟨U+202E⟩etoh" in card
    assert bytes(approval.digest).hex() in card


def test_the_title_comes_from_what_was_stored(browse: Callable[[str], Client], approval: ApprovalRequest) -> None:
    ApprovalRequest.objects.filter(pk=approval.pk).update(title="<u>Stored</u>")

    assert "<h1>&lt;u&gt;Stored&lt;/u&gt;</h1>" in read(browse("ana"), approval)


def test_one_approves_and_gets_the_next_request(
    house: House, browse: Callable[[str], Client], approval: ApprovalRequest
) -> None:
    make_approval(house, "question", {"text": "Sooner, but not of those that the page shows"})
    following = make_approval(house, arguments={"amount": 7, "order": "next"})
    narrowed = {"HX-Current-URL": f"http://testserver/review/{approval.pk}?tool=refund&args=json"}
    answer = post(browse("ana"), approval, "approve", headers=HTMX | narrowed)
    page = answer.content.decode()

    assert (answer.status_code, approval.status) == (200, "approved")
    assert answer["HX-Push-Url"] == f"/review/{following.pk}?tool=refund"
    assert f'name="selected" value="{following.pk}"' in page
    assert f"delete:li:has(&gt; #request-{approval.pk})" in page and "Approved: refund(amount: 80" in page
    assert f'href="/review/{following.pk}?tool=refund"' in browse("ana").get("/review?tool=refund").content.decode()


def test_a_page_that_has_the_next_card_shows_it_by_itself(
    house: House, browse: Callable[[str], Client], approval: ApprovalRequest
) -> None:
    following = make_approval(house, arguments={"amount": 7, "order": "next"})
    last = make_approval(house, arguments={"amount": 8, "order": "last"})
    ana, kept = browse("ana"), {"is_kept": "on", "next": following.pk}
    answer = post(ana, approval, "approve", headers=HTMX, **kept)
    page = answer.content.decode()
    assert "Approved: " in page and "data-card" not in page and answer["HX-Reswap"] == "none"
    assert loads(answer["HX-Trigger-After-Swap"]) == {"cs:open": {"id": f"request-{following.pk}"}}

    following.decide("reject", by=house.by("ben"), digest=bytes(following.digest), reason="no")
    third = make_approval(house, arguments={"amount": 9, "order": "third"})
    answer = post(ana, third, "approve", headers=HTMX, **kept)
    assert f'value="{last.pk}"' in answer.content.decode() and "HX-Reswap" not in answer


def test_without_scripts_it_is_a_redirect(browse: Callable[[str], Client], approval: ApprovalRequest) -> None:
    ana = browse("ana")
    answer = post(ana, approval, "approve")

    assert (answer.status_code, answer["Location"]) == (302, "/review")
    assert "Approved: refund(" in ana.get("/review").content.decode()


def test_a_rejection_takes_its_reason(browse: Callable[[str], Client], approval: ApprovalRequest) -> None:
    ana = browse("ana")

    assert post(ana, approval, "reject").status_code == 422
    beside = post(ana, approval, "reject", headers=HTMX)
    assert (beside.status_code, beside["HX-Retarget"]) == (422, "#field-reject")
    assert "The agent needs a reason." in beside.content.decode() and "aria-invalid" in beside.content.decode()
    assert post(ana, approval, "reject", reason="Too\r\nmuch").status_code == 302
    assert approval.status == "rejected"
    assert outcome_of(approval)["error"]["message"] == "A reviewer refused this call: Too\nmuch"


def test_one_answers_in_place_of_the_tool(browse: Callable[[str], Client], approval: ApprovalRequest) -> None:
    post(browse("ana"), approval, "respond", text="Done by hand")

    assert (approval.status, outcome_of(approval)["value"]) == ("answered", "Done by hand")


def test_who_saw_other_arguments_is_told(
    house: House, browse: Callable[[str], Client], approval: ApprovalRequest
) -> None:
    seen = bytes(approval.digest).hex()
    decide(approval, "edit", house.by("ben"), args={"amount": 5, "order": "A"})
    answer = post(browse("ana"), approval, "approve", digest=seen)

    assert answer.status_code == 412
    assert "have changed since you looked" in answer.content.decode()


def test_who_was_second_is_told_who_was_first(
    house: House, browse: Callable[[str], Client], approval: ApprovalRequest
) -> None:
    decide(approval, "reject", house.by("ben"), reason="no")
    answer = post(browse("ana"), approval, "approve")

    assert answer.status_code == 409
    assert "Ben has already rejected this." in answer.content.decode()


@pytest.mark.parametrize(("name", "why"), [("olga", "You started this run"), ("root", "Only approvers decide")])
def test_who_may_not_decide_is_told_why(
    browse: Callable[[str], Client], approval: ApprovalRequest, name: str, why: str
) -> None:
    client = browse(name)
    card, answer = read(client, approval), post(client, approval, "approve")

    assert why in card and not re.search(r'data-key="[aercbt]"', card)
    assert answer.status_code == 403
    assert why in answer.content.decode()
    assert approval.status == "pending"


@pytest.mark.parametrize("form", [{}, {"kind": "approve"}, {"kind": "approve", "digest": "x"}, {"digest": "0" * 64}])
def test_a_decision_that_cannot_be_read_is_refused(
    browse: Callable[[str], Client], approval: ApprovalRequest, form: dict[str, str]
) -> None:
    assert browse("ana").post(f"/review/{approval.pk}/decisions", form).status_code == 400


@pytest.mark.parametrize("kind", ["retry", "nonsense", "escalate", "decide"])
def test_a_kind_that_is_not_possible_is_refused(
    browse: Callable[[str], Client], approval: ApprovalRequest, kind: str
) -> None:
    assert post(browse("ana"), approval, kind).status_code == 422


def test_looking_changes_nothing(browse: Callable[[str], Client], approval: ApprovalRequest) -> None:
    ana = browse("ana")

    assert ana.get(f"/review/{approval.pk}/decisions?kind=approve").status_code == 405
    assert ana.get(f"/review/{approval.pk}/decisions/1/undo").status_code == 405
    approval.refresh_from_db()
    assert approval.status == "pending"


def test_a_decision_is_taken_back_in_time(house: House, browse: Callable[[str], Client]) -> None:
    make_policy(house.workspace, {"name": "slow", "effect": "ask", "tool": "refund", "undo_seconds": 60})
    approval, ana = make_approval(house), browse("ana")
    toast = post(ana, approval, "approve", headers=HTMX).content.decode()

    assert f"/review/{approval.pk}/decisions/1/undo" in toast
    assert "Your decision has not taken effect yet" in read(ana, approval)
    assert "undo" not in read(browse("ben"), approval)
    assert ana.post(f"/review/{approval.pk}/decisions/1/undo").status_code == 302
    approval.refresh_from_db()
    assert approval.status == "pending"
    assert "approved, then took it back" in read(ana, approval)


def test_the_first_of_two_votes_leaves_it_open(house: House, browse: Callable[[str], Client]) -> None:
    make_policy(house.workspace, TWO_SEATS)
    approval, ana = make_approval(house), browse("ana")
    toast = post(ana, approval, "approve", headers=HTMX).content.decode()
    card = read(ana, approval)

    assert "1 more needed" in toast
    assert "You approved, others are missing" in card and "1 of 2" in card
    assert 'value="approve"' not in card and 'value="reject"' in card


def test_high_risk_is_not_approved_by_a_single_key(house: House, browse: Callable[[str], Client]) -> None:
    make_policy(house.workspace, {"name": "high", "effect": "ask", "tool": "refund", "risk": "high"})
    card = read(browse("ana"), make_approval(house))

    assert 'popovertarget="ask-approve"' in card and "Exactly these arguments run" in card
    sheet = card.split('id="ask-approve"')[1].split("</form>")[0]
    assert 'data-key="mod+enter"' in sheet and "autofocus" not in sheet.split("<button")[1]


def test_a_question_is_answered(house: House, browse: Callable[[str], Client]) -> None:
    approval = make_approval(house, "question", {"text": "Which <b>one</b>?", "options": ["left", "right"]})
    card = read(browse("ana"), approval)

    assert "Which &lt;b&gt;one&lt;/b&gt;?" in card and 'value="left"' in card and "Edit" not in card
    empty = post(browse("ana"), approval, "respond", headers=HTMX)
    assert (empty.status_code, empty["HX-Retarget"]) == (422, "#field-answer")
    assert "Choose an answer." in empty.content.decode() and 'value="left"' in empty.content.decode()
    post(browse("ana"), approval, "respond", text="left")
    assert (approval.status, outcome_of(approval)["value"]) == ("answered", "left")


@pytest.mark.parametrize(
    ("kind", "form", "status"),
    [
        ("happened", {"result": '{"paid": 80}'}, "succeeded"),
        ("did_not_happen", {}, "failed"),
        ("retry", {}, "waiting"),
    ],
)
def test_a_doubt_is_settled(
    house: House, browse: Callable[[str], Client], kind: str, form: dict[str, str], status: str
) -> None:
    approval = make_approval(house, status="in_doubt", why="The worker was gone.", report={"status": "sent"})
    card = read(browse("ana"), approval)
    assert "Did it happen?" in card and "The worker was gone." in card and "&quot;sent&quot;" in card
    assert f"<code>{approval.tool_call_id}</code>" in card and "Answered" not in card

    assert post(browse("ana"), approval, kind).status_code == 422  # it takes a reason
    assert post(browse("ana"), approval, kind, reason="I looked.", **form).status_code == 302
    assert call_of(approval).status == status
    card = read(browse("ana"), approval)
    assert "Settled" in card and "Ana " + approval.decisions.get().said_of_this in card


def test_a_result_that_is_no_json_is_refused(house: House, browse: Callable[[str], Client]) -> None:
    approval = make_approval(house, status="in_doubt")

    assert post(browse("ana"), approval, "happened", reason="x", result="{").status_code == 400
    assert call_of(approval).status == "in_doubt"


def test_an_open_card_is_told_what_happened_to_it(
    house: House, browse: Callable[[str], Client], approval: ApprovalRequest
) -> None:
    ana = browse("ana")
    seen = read(ana, approval).split("?seen=")[1].split('"')[0]
    path = f"/review/{approval.pk}/changes?seen={seen}"

    assert ana.get(path).status_code == 204
    decide(approval, "edit", house.by("ben"), args={"amount": 5, "order": "A"})
    assert "amount from 80 to 5" in ana.get(path).content.decode()
    decide(approval, "reject", house.by("ben"), reason="no")
    told = ana.get(path).content.decode()
    assert " and rejected it: refund(" in told and "nothing left to decide" in told
    assert (
        ">Rejected, revision 2</span>" in told
        and "Rejected <time" in told
        and "by Ben" in told
        and "not filled" in told
    )
    late = post(ana, approval, "approve", headers=HTMX, digest=bytes(approval.digest).hex())
    assert (late.status_code, late["HX-Retarget"], late["HX-Reswap"]) == (409, "#changes", "innerHTML")
    assert "Ben has already rejected this." in late.content.decode() and "notice bad" not in late.content.decode()


def test_an_approval_by_somebody_else_is_no_warning_and_fills_the_seat(
    house: House, browse: Callable[[str], Client], approval: ApprovalRequest
) -> None:
    ana = browse("ana")
    seen = read(ana, approval).split("?seen=")[1].split('"')[0]
    decide(approval, "approve", house.by("ben"))
    told = ana.get(f"/review/{approval.pk}/changes?seen={seen}").content.decode()

    assert "Ben approved this." in told and "notice warn" not in told and "notice bad" not in told
    assert "Approved <time" in told and "1 of 1" in told and "not filled" not in told


def test_a_decided_card_shows_what_came_of_it(browse: Callable[[str], Client], waiting: Run) -> None:
    approval = ApprovalRequest.objects.get()
    post(browse("ana"), approval, "reject", reason="No")
    card = read(browse("ana"), approval)

    assert '<b>Ana rejected this</b>: <span class="said">No</span>' in card
    assert re.search(r'id="view-decided"[^>]* aria-current="true"', card)
    assert re.search(rf'id="request-{approval.pk}"[^>]* aria-current="true"', card)
    assert "0 of 1" not in card and ">free<" not in card
    assert ToolCall.objects.get(pk=approval.tool_call_id).status == "rejected"
