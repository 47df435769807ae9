"""The queue: who needs to do what, and in which order."""

import html
import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.utils.timezone import now
from pytest_django import DjangoAssertNumQueries

from agents.models import Run
from console import urgency
from reviews.listing import lately_decided
from reviews.models import ApprovalRequest
from tests.console.conftest import HTMX
from tests.factories import House, make_agent, make_approval, make_call, make_policy, make_run
from tests.reviews.stories import TWO_SEATS, decide


def titles(client: Client, query: str = "") -> list[str]:
    page = client.get(f"/review{query}").content.decode()
    return re.findall(r'role="img" aria-label="\w+ risk">.*?</span>\s*<b>(.*?)</b>', page)


def counts(client: Client) -> list[str]:
    found = re.findall(r">(?:Needs me|Open|Waiting)(?: (\d+\+?))?<", client.get("/review").content.decode())
    return [count or "0" for count in found]


def ask(house: House, amount: int, **columns: object) -> ApprovalRequest:
    """A request with that amount, so that its title is known."""
    approval = make_approval(house, arguments={"amount": amount, "order": "A"})
    ApprovalRequest.objects.filter(pk=approval.pk).update(**columns)
    approval.refresh_from_db()
    return approval


def named(amount: int) -> str:
    return f"refund(amount: {amount}, order: &quot;A&quot;)"


def in_minutes(minutes: float) -> object:
    return Now() + timedelta(minutes=minutes)


def test_the_most_urgent_is_first_under_its_heading(house: House, browse: Callable[[str], Client]) -> None:
    for amount, minutes in ((3, 3000), (1, 10), (2, 90)):
        ask(house, amount, deadline_at=in_minutes(minutes))
    page = browse("ana").get("/review").content.decode()

    assert titles(browse("ana")) == [named(1), named(2), named(3)]
    assert page.index("Due within 30 minutes") < page.index("Due within a day") < page.index(">Later<")
    ask(house, 4, deadline_at=in_minutes(20), risk="high"), ask(house, 5, deadline_at=in_minutes(900), risk="high")
    ask(house, 6, deadline_at=in_minutes(2)), ask(house, 7, deadline_at=in_minutes(4), risk="high")
    assert titles(browse("ana")) == [named(n) for n in (6, 7, 4, 1, 5, 2, 3)]
    ask(house, 8, deadline_at=in_minutes(25), risk="high"), ask(house, 9, deadline_at=in_minutes(15), risk="low")
    ask(house, 10, deadline_at=in_minutes(5000), risk="high"), ask(house, 11, deadline_at=in_minutes(6000))
    in_order = [named(n) for n in (6, 7, 4, 8, 1, 9, 5, 2, 10, 3, 11)]
    assert titles(browse("ana")) == in_order
    for limit in range(1, 6):  # whatever a page holds, the order is that of all
        assert [html.escape(row.title) for row in walked(limit)] == in_order


def walked(limit: int) -> list[ApprovalRequest]:
    """All open requests in pages of so many, by their cursors."""
    found, moment = ApprovalRequest.objects.pending(), now()
    rows = urgency.rows_from(found, moment, limit)
    while len(more := urgency.rows_from(found, moment, limit, place_behind(rows[-1], moment))):
        rows += more
    return rows


def place_behind(row: ApprovalRequest, moment: datetime) -> urgency.Place:
    return urgency.Place.read(str(urgency.Place.of(row, moment)))


def test_who_voted_waits_for_others(house: House, browse: Callable[[str], Client]) -> None:
    make_policy(house.workspace, TWO_SEATS)
    approval = ask(house, 1)
    decide(approval, "approve", house.by("ana"))

    assert counts(browse("ana")) == ["0", "1", "1"]
    assert counts(browse("ben")) == ["1", "1", "0"]
    assert titles(browse("ana"), "?view=waiting") == [named(1)]


def test_a_seat_that_is_taken_needs_nobody(house: House, browse: Callable[[str], Client]) -> None:
    make_policy(house.workspace, TWO_SEATS)
    decide(ask(house, 1), "approve", house.by("cleo"))  # takes the seat of any approver, so finance is left

    assert counts(browse("ana")) == ["1", "1", "0"]
    assert counts(browse("cleo")) == ["0", "1", "1"]


def test_an_edit_needs_everybody_again(house: House, browse: Callable[[str], Client]) -> None:
    make_policy(house.workspace, TWO_SEATS)
    approval = ask(house, 1)
    decide(approval, "approve", house.by("ana"))
    decide(approval, "edit", house.by("ben"), args={"amount": 2, "order": "A"})

    assert counts(browse("ana")) == counts(browse("ben")) == ["1", "1", "0"]


def test_a_vote_that_was_taken_back_is_none(house: House, browse: Callable[[str], Client]) -> None:
    make_policy(house.workspace, TWO_SEATS)
    approval = ask(house, 1)
    approval.undo(decide(approval, "approve", house.by("ana")).n, house.by("ana"))

    assert counts(browse("ana")) == ["1", "1", "0"]


def test_whose_run_it_is_waits(house: House, browse: Callable[[str], Client]) -> None:
    make_call(make_run(house.agent, house.ana))

    assert counts(browse("ana")) == ["0", "1", "1"]
    assert counts(browse("ben")) == ["1", "1", "0"]


@pytest.mark.parametrize(("name", "expected"), [("ana", "1"), ("cleo", "0"), ("olga", "0"), ("root", "0")])
def test_only_those_who_may_decide_are_needed(
    house: House, browse: Callable[[str], Client], name: str, expected: str
) -> None:
    make_policy(house.workspace, {**TWO_SEATS, "seats": [{"count": 1, "group": "finance"}]})
    ask(house, 1)

    assert counts(browse(name))[0] == expected


def test_what_is_decided_elsewhere_only_needs_nobody_here(house: House, browse: Callable[[str], Client]) -> None:
    ask(house, 1, channels=["api"])

    assert counts(browse("ana")) == ["0", "1", "0"]


def test_decided_ones_are_kept_newest_first(house: House, browse: Callable[[str], Client]) -> None:
    for approval in reversed([ask(house, amount) for amount in (1, 2, 3)]):
        decide(approval, "reject", house.by("ana"), reason="no")
    decided = ApprovalRequest.objects.exclude(status="pending")
    first, following = lately_decided(decided, "", 2)

    assert titles(browse("ana"), "?view=decided") == [named(1), named(2), named(3)]  # the last decision first
    assert first + lately_decided(decided, following or "", 2)[0] == list(decided.order_by("-decided_at"))
    assert titles(browse("ana")) == []


def test_filters_narrow_the_queue(house: House, browse: Callable[[str], Client]) -> None:
    ask(house, 1, risk="low"), ask(house, 2, risk="medium"), ask(house, 3, risk="high")
    make_call(make_run(make_agent(house.workspace, "other"), house.olga), arguments={"amount": 4, "order": "A"})
    ana = browse("ana")

    assert titles(ana, "?risk=high") == [named(3)]
    assert sorted(titles(ana, "?risk=medium")) == [named(2), named(3), named(4)]
    assert titles(ana, "?agent=other&view=open") == [named(4)]
    assert len(titles(ana, "?risk=nonsense&view=nonsense")) == 4


def test_tool_rule_and_title_narrow_it_too_and_stay_in_the_address(
    house: House, browse: Callable[[str], Client]
) -> None:
    ask(house, 1), make_approval(house, "question", {"text": "Which of them?"})
    make_policy(house.workspace, {"name": "Dear ones", "effect": "ask", "condition": "args.amount > 5.0"})
    ask(house, 6)
    ana = browse("ana")

    assert titles(ana, "?tool=question") == ["Which of them?"]
    assert titles(ana, "?rule=Dear+ones") == [named(6)]
    assert titles(ana, "?text=WHICH+of") == ["Which of them?"]
    page = ana.get("/review?tool=refund&text=6").content.decode()
    assert "Remove the filter Tool refund" in page and "view=open&amp;tool=refund&amp;text=6" in page
    empty = ana.get("/review?tool=nothing").content.decode()
    assert "Nothing fits these filters" in empty
    choices = ana.get("/review/filters?tool=gone").content.decode()
    for option in ("desk", "refund", "question", "Dear ones", 'value="gone" selected'):
        assert option in choices


def test_an_unreadable_cursor_is_refused(house: House, browse: Callable[[str], Client]) -> None:
    assert browse("ana").get("/review?cursor=x").status_code == 422


def test_an_open_page_gets_the_queue_alone(house: House, browse: Callable[[str], Client]) -> None:
    approval = ask(house, 1)
    part = browse("ana").get(f"/review?selected={approval.pk}", headers=HTMX).content.decode()

    assert "<html" not in part and 'id="queue"' in part
    assert re.search(rf'id="request-{approval.pk}".*?aria-current="true"', part)


COPY_CALLS = """
INSERT INTO agents_toolcall SELECT copy.* FROM agents_toolcall AS one, generate_series(1, %s) AS n,
  jsonb_populate_record(one, jsonb_build_object('id', uuidv7(), 'position', 'n' || n)) AS copy
"""
COPY_APPROVALS = """
INSERT INTO reviews_approvalrequest SELECT copy.* FROM reviews_approvalrequest AS one
JOIN agents_toolcall AS call ON call.id <> one.tool_call_id,
  jsonb_populate_record(one, jsonb_build_object('id', uuidv7(), 'tool_call_id', call.id)) AS copy
"""


def many(house: House, count: int) -> None:
    """As many open requests as that, copied from one in the database."""
    make_policy(house.workspace, TWO_SEATS)
    make_approval(house)
    with connection.cursor() as cursor:
        cursor.execute(COPY_CALLS, [count - 1])
        cursor.execute(COPY_APPROVALS)
        cursor.execute("ANALYZE reviews_approvalrequest")


def test_ten_thousand_open_requests_take_eight_queries(
    house: House, browse: Callable[[str], Client], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    many(house, 10_000)
    assert ApprovalRequest.objects.pending().count() == 10_000
    ana = browse("ana")

    with django_assert_max_num_queries(8):
        page = ana.get("/review").content.decode()
    assert "Needs me 200+" in page and "Open 1,000+" in page
    assert page.count("data-row") == 50
    following = re.search(r'href="(/review\?view=needs-me[^"]*cursor=[^"]*)"', page)
    assert following and ana.get(following[1].replace("&amp;", "&")).content.decode().count("data-row") == 50
    more = ana.get(following[1].replace("&amp;", "&"), headers=HTMX).content.decode()  # as the open page asks for it
    assert more.count("data-row") == 50 and "<h2" not in more and 'id="queue"' not in more


def test_a_card_costs_few_queries(
    browse: Callable[[str], Client], waiting: Run, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    approval, ana = ApprovalRequest.objects.get(), browse("ana")

    with django_assert_max_num_queries(18):
        ana.get(f"/review/{approval.pk}", headers=HTMX)
    with django_assert_max_num_queries(22):
        ana.get(f"/review/{approval.pk}")


def test_a_page_without_a_card_opens_the_first_request_that_comes(
    house: House, browse: Callable[[str], Client]
) -> None:
    ana = browse("ana")
    assert 'name="selected"' in ana.get("/review").content.decode()
    approval = ask(house, 5)
    opens = f'hx-get="/review/{approval.pk}" hx-trigger="intersect once"'

    assert opens in ana.get("/review?selected=", headers=HTMX).content.decode()
    assert opens in ana.get("/review?view=open", headers=HTMX).content.decode()  # the card follows the tab
    assert 'id="detail" hx-swap-oob' in ana.get("/review?view=waiting", headers=HTMX).content.decode()
    assert opens not in ana.get(f"/review?selected={approval.pk}", headers=HTMX).content.decode()


def test_runs_that_were_set_aside_head_the_queue_with_their_cause(
    house: House, browse: Callable[[str], Client]
) -> None:
    run = make_run(house.agent, house.olga, title="Ticket 7")
    Run.objects.filter(pk=run.pk).update(status="running")
    error = {"type": "diverged", "message": "It asks for <b>more</b>", "recorded": "model at 2", "asked": ["tool at 2"]}
    Run.objects.filter(pk=run.pk).update(status="diverged", error=error)
    olga, page = browse("olga"), browse("ana").get("/review").content.decode()

    assert "Set aside" in page and "Ticket 7" in page and "It asks for &lt;b&gt;more&lt;/b&gt;" in page
    assert "Set aside" not in olga.get("/review?view=decided").content.decode()
    shown = olga.get(f"/runs/{run.pk}").content.decode()
    assert "model at 2" in shown and "tool at 2" in shown and "Try again" in shown and "Deploy the code" in shown
    assert olga.post(f"/runs/{run.pk}/resumption").status_code == 302
    run.refresh_from_db()
    assert (run.status, run.error) == ("queued", None)
