"""What an approval leads to is said before and after it: other rules, a stop, and the requests about one call."""

import re
from collections.abc import Callable
from datetime import timedelta

from django.test import Client

from agents.models import ToolCall
from reviews.gate import Gate
from reviews.models import ApprovalRequest, PolicySet
from tests.console.conftest import HTMX
from tests.console.desk import post, read
from tests.factories import House, make_approval, make_call, make_policy, make_run
from tests.reviews import tools  # noqa: F401  # declares its tools


def test_who_decides_under_older_rules_is_told_and_finds_what_came_of_it(
    house: House, browse: Callable[[str], Client]
) -> None:
    ana = browse("ana")
    make_policy(house.workspace, {"name": "ask", "effect": "ask", "seats": [{"count": 1, "group": "finance"}]})
    approval, other = make_approval(house), make_approval(house, arguments={"amount": 9, "order": "B"})
    assert "rules have changed" not in read(ana, approval)

    stricter = {"name": "ask", "effect": "ask", "seats": [{"count": 2, "group": "finance"}], "deadline_seconds": 240}
    PolicySet.objects.get().publish([stricter], None)
    words = "asked for again under Policy r2: 2 of finance, within 4 m 00 s."
    assert f"Once approved it is {words}" in read(ana, approval)
    batch = ana.get(f"/review/batch?like={approval.pk}").content.decode()
    assert batch.count("rules have changed") == 2 and " checked" not in batch
    said = ana.post("/review/batch", {"kind": "approve", "digest": re.findall(r'"digest" value="([^"]+)"', batch)[:1]})
    assert f"It is now {words}" in said.content.decode()

    left = next(one for one in (approval, other) if one.decisions.count() == 0)
    assert f"It is now {words}" in post(ana, left, "approve", HTMX).content.decode()
    ToolCall.objects.filter(pk=left.tool_call_id).update(status="waiting")
    Gate().opened([left.tool_call_id])
    again = ApprovalRequest.objects.get(tool_call=left.tool_call_id, status="pending")
    assert "Ana approved it before" in read(ana, again) and f"/review/{left.pk}" in read(ana, again)
    for page in ("", "/record"):
        old = read(ana, left, page)
        assert "no longer counted, so it was asked for again" in old and f'href="/review/{again.pk}"' in old


def test_what_is_approved_under_a_stop_is_held_and_says_so(house: House, browse: Callable[[str], Client]) -> None:
    ana, approval = browse("ana"), make_approval(house)
    house.workspace.switch.stop("tool:refund", "wrong amounts", house.by("olga"))

    assert "<b>Tool refund is stopped.</b> What is approved starts when that ends" in read(ana, approval)
    assert "Held while tool refund is stopped." in post(ana, approval, "approve", HTMX).content.decode()
    assert "Approved, held by a stop" in read(ana, approval)
    assert "Approved. Held while tool refund is stopped. The stop has to end by" in read(ana, approval)
    run = ana.get(f"/runs/{approval.run_id}").content.decode()
    assert "Held by a stop" in run and "write held by the stop" in run and "until somebody lets it go on" in run
    assert "<code>refund</code><small>after the stop</small>" in run


def test_changed_rules_and_a_stop_are_one_story_before_and_after(house: House, browse: Callable[[str], Client]) -> None:
    ana = browse("ana")
    make_policy(house.workspace, {"name": "ask", "effect": "ask"})
    approval = make_approval(house)
    house.workspace.switch.stop("tool:refund", "wrong amounts", house.by("olga"))
    PolicySet.objects.get().publish([{"name": "ask", "effect": "ask", "seats": [{"count": 2, "group": None}]}], None)

    card = read(ana, approval)
    assert card.count("card notice") == 1
    assert (
        "The rules have changed since this was asked, and tool refund is stopped.</b> Once approved it is held" in card
    )
    again = "when that ends it is asked for again under Policy r2: 2 of any approver"
    after = f"Held while tool refund is stopped; {again}"
    assert after in post(ana, approval, "approve", HTMX).content.decode()
    for page in ("", "/record"):
        assert after in read(ana, approval, page) and "It starts when" not in read(ana, approval, page)

    PolicySet.objects.get().publish([{"name": "never", "effect": "deny"}], None)
    assert "By the rules in force now it will not run" in read(ana, approval)


def test_what_was_done_before_is_said_first_with_a_link_to_it(house: House, browse: Callable[[str], Client]) -> None:
    ana, first, meanwhile = browse("ana"), make_approval(house), make_approval(house)
    assert "Done before" not in read(ana, first)
    post(ana, first, "approve")
    ToolCall.objects.filter(pk=first.tool_call_id).update(status="succeeded")

    again = make_approval(house)
    for approval in (meanwhile, again):
        card = read(ana, approval)
        notices = card.split('class="col"')[1]
        assert notices.index("Done before.</b> Exactly this was carried out") < notices.index("Why the agent")
        assert "approved by Ana" in notices and f'href="/review/{first.pk}"' in notices
    assert "done before</span>" in ana.get("/review").content.decode()
    batch = ana.get(f"/review/batch?item={meanwhile.pk}").content.decode()
    assert (
        "Exactly this was carried out before." in batch
        and "done before</span>" in batch
        and 'type="checkbox" name="digest" checked' not in batch
    )
    assert "Done before" not in read(ana, first)  # it is itself what was done


def test_what_was_done_for_the_same_thing_is_said_too(house: House, browse: Callable[[str], Client]) -> None:
    ana, asked = browse("ana"), {"order": "again", "amount": "5.00"}
    other = make_approval(house, "reviewed_refund", {"order": "A", "amount": "5.00"})
    known = make_approval(house, "reviewed_refund", asked | {"amount": "6.00"})
    for order, at in (("again", known.created_at - timedelta(days=1)), ("A", other.created_at - timedelta(days=1))):
        done = make_call(
            make_run(house.agent), "reviewed_refund", asked | {"order": order, "amount": "7.00"}, status="succeeded"
        )
        ToolCall.objects.filter(pk=done.pk).update(finished_at=at, title=f"Refund of {order}")

    card = read(ana, known)
    assert "Refund of again was carried out" in card and "which the rules allowed" in card
    assert "When this was asked: refunded €20.00." in card and "The earlier call" in card
    assert "Done before" not in read(ana, other)  # the lookup knew of it, and nothing of it was left
    ToolCall.objects.filter(pk=done.pk).update(finished_at=other.created_at + timedelta(seconds=1))
    assert "Refund of A was carried out" in read(ana, other)
