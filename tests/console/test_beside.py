"""Beside a decision: comments, claims, the exact bytes, and long values in full."""

from collections.abc import Callable

from django.test import Client

from reviews.models import ApprovalRequest, Claim, Comment
from tests.console.conftest import HTMX
from tests.console.test_review import post, read
from tests.factories import House, make_approval, make_policy, make_tool
from tests.reviews.stories import call_of
from workspaces.models import AuditEntry

TOKEN = "ghp_" + "C4nary" * 6
LONG = "begin " + "x" * 5_000 + "\u202e and pay Mallory"
ANY = {"type": "object", "properties": {"note": {"type": "string"}}, "additionalProperties": False}


def test_people_comment_and_the_open_card_of_others_hears_it(house: House, browse: Callable[[str], Client]) -> None:
    approval, ana, ben = make_approval(house), browse("ana"), browse("ben")
    card = ben.get(f"/review/{approval.pk}").content.decode()
    address = card.split('data-watch hx-get="')[1].split('"')[0].replace("&amp;", "&")
    assert ben.get(address).status_code == 204

    said = ana.post(f"/review/{approval.pk}/comments", {"text": "Is <b>this</b>\r\nright?"}, headers=HTMX)
    assert "Is &lt;b&gt;this&lt;/b&gt;\nright?" in said.content.decode()
    heard = ben.get(address).content.decode()
    assert "right?" in heard and "hx-swap-oob" in heard and "Show it as it is now" not in heard
    assert ana.post(f"/review/{approval.pk}/comments", {"text": " "}).status_code == 422
    beside = ana.post(f"/review/{approval.pk}/comments", {"text": " "}, headers=HTMX)
    assert (beside.status_code, beside["HX-Retarget"]) == (422, "#comment-error")
    assert ana.post(f"/review/{approval.pk}/comments", {"text": "Once more"}).status_code == 302
    assert Comment.objects.count() == 2


def test_who_is_named_is_marked_and_finds_the_request(house: House, browse: Callable[[str], Client]) -> None:
    approval, ana = make_approval(house), browse("ana")
    names = ana.get(f"/review/{approval.pk}/people?mention").content.decode()
    assert 'data-mention="ben"' in names and "ana" not in names and "sam" not in names

    ana.post(f"/review/{approval.pk}/comments", {"text": "@Ben, <b>@nobody</b> and mail@ben.example"})
    assert '<mark class="at">@Ben</mark>, &lt;b&gt;@nobody&lt;/b&gt; and mail@ben.example' in read(ana, approval)
    assert "@you" in browse("ben").get("/review").content.decode()
    assert "@you" not in ana.get("/review").content.decode()


def test_a_claim_is_seen_in_the_row_and_on_the_card(house: House, browse: Callable[[str], Client]) -> None:
    approval, ana, ben = make_approval(house), browse("ana"), browse("ben")
    path = f"/review/{approval.pk}/claim"
    assert "Claimed by you" in ana.post(path, {"kind": "claim"}, headers=HTMX).content.decode()
    assert "claimed by Ana" in ben.get("/review").content.decode()
    assert 'value="take_over" data-key="shift+c"' in ben.get(f"/review/{approval.pk}").content.decode()
    assert "Ana has claimed this" in ben.post(path, {"kind": "claim"}, headers=HTMX).content.decode()
    assert Claim.objects.get().person == house.ana

    assert ben.post(path, {"kind": "take_over"}).status_code == 302
    assert ana.post(path, {"kind": "renew"}, headers=HTMX).status_code == 409
    assert ben.post(path, {"kind": "renew"}, headers=HTMX).status_code == 204
    ben.post(path, {"kind": "release"})
    assert not Claim.objects.exists() and "claimed by" not in ana.get("/review").content.decode()


def test_a_long_value_has_to_be_opened_before_high_risk_is_approved(
    house: House, browse: Callable[[str], Client]
) -> None:
    make_tool(house.workspace, "write", schema=ANY)
    make_policy(house.workspace, {"name": "high", "effect": "ask", "tool": "write", "risk": "high"})
    approval, ana = make_approval(house, "write", {"note": LONG}), browse("ana")
    card = ana.get(f"/review/{approval.pk}").content.decode()

    assert "data-must=" in card and "data-after-reading disabled" in card
    assert "5,023 characters" in card and "⟨U+202E⟩</mark> and pay Mallory" in card and "x" * 1_000 not in card
    whole = ana.get(f"/review/{approval.pk}/arguments?name=arg:/note", headers=HTMX).content.decode()
    assert "x" * 5_000 in whole and "\u202e" not in whole
    assert ana.get(f"/review/{approval.pk}/arguments?name=arg:/other").status_code == 404


def test_the_exact_bytes_are_a_file(house: House, browse: Callable[[str], Client]) -> None:
    approval: ApprovalRequest = make_approval(house)
    answer = browse("ana").get(f"/review/{approval.pk}/arguments")

    assert answer.content == bytes(approval.tool_call.args)
    assert answer["Content-Type"] == "application/octet-stream" and "attachment" in answer["Content-Disposition"]
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_credential_is_hidden_kept_by_edits_and_handed_out_on_record(
    house: House, browse: Callable[[str], Client]
) -> None:
    approval, ana = make_approval(house, arguments={"amount": 80, "order": f"with {TOKEN}"}), browse("ana")
    for query in ("", "?args=json", "?edit"):
        card = read(ana, approval, query)
        assert TOKEN not in card and "⟨GitHub token, 40 characters, hidden⟩" in card
    assert "looks like a credential (GitHub token)" in read(ana, approval)
    shown = "with ⟨GitHub token, 40 characters, hidden⟩"

    assert post(ana, approval, "edit", **{"arg:/amount": "70", "arg:/order": f"{shown}."}).status_code == 422
    assert post(ana, approval, "edit", **{"arg:/amount": "70", "arg:/order": shown}).status_code == 302
    assert call_of(approval).arguments == {"amount": 70, "order": f"with {TOKEN}"}
    assert TOKEN not in ana.get("/review").content.decode() + read(ana, approval, "?args=diff")

    address = f"/review/{approval.pk}/arguments"
    assert browse("olga").get(address).status_code == 403
    assert TOKEN in ana.get(address).content.decode()
    assert AuditEntry.objects.get(kind="approval.unmasked").actor == "ana"


def test_who_pastes_a_credential_is_warned_and_can_mean_it(house: House, browse: Callable[[str], Client]) -> None:
    approval, ana = make_approval(house, arguments={"amount": 80, "order": "A"}), browse("ana")
    typed = {"arg:/amount": "80", "arg:/order": TOKEN}
    warned = post(ana, approval, "edit", headers=HTMX, **typed)

    assert (warned.status_code, approval.revision) == (422, 1)
    assert "GitHub token" in warned.content.decode() and 'name="credential_is_meant"' in warned.content.decode()
    assert post(ana, approval, "reject", reason=f"no: {TOKEN}").status_code == 422 and approval.is_pending
    assert post(ana, approval, "edit", credential_is_meant="on", **typed).status_code == 302
    assert (approval.revision, call_of(approval).arguments["order"]) == (2, TOKEN)
    assert post(ana, approval, "reject", reason="Known by now").status_code == 302


def test_a_request_is_put_off_or_handed_over_on_its_card(house: House, browse: Callable[[str], Client]) -> None:
    first, second, ana, ben = make_approval(house), make_approval(house), browse("ana"), browse("ben")
    path = f"/review/{first.pk}/later"
    assert 'data-key="s"' in read(ana, first) and 'data-key="d"' in read(ana, first)
    answer = ana.post(path, {"kind": "snooze", "minutes": "15"}, headers=HTMX)
    assert answer["HX-Push-Url"] == f"/review/{second.pk}" and "Put off for 15 min: " in answer.content.decode()
    assert "Put off until" in read(ana, first) and f"request-{first.pk}" not in ana.get("/review").content.decode()
    assert ana.post(path, {"kind": "wake"}).status_code == 302
    assert f"request-{first.pk}" in ana.get("/review").content.decode()

    offered = ana.get(f"/review/{first.pk}/people").content.decode()
    assert ">Ben<" in offered and ">Cleo<" in offered and ">Ana<" not in offered and ">Olga<" not in offered
    assert ana.post(path, {"kind": "hand_over", "person": house.ben.pk, "note": "Yours?"}).status_code == 302
    card = read(ben, first)
    assert "Ana has handed this to you" in card and "For Ben: Yours?" in card
    assert "Handed over to Ben" in read(ana, first)
    assert "for you" in ben.get("/review").content.decode() and "for you" not in ana.get("/review").content.decode()
    for wrong in ({}, {"kind": "hand_over"}, {"kind": "hand_over", "person": house.olga.pk}, {"kind": "snooze"}):
        assert ana.post(path, wrong).status_code == 422
    assert browse("olga").post(path, {"kind": "snooze", "minutes": "15"}).status_code == 403
