"""Tools: what they may do, which rules speak about them, and how they were used."""

from collections.abc import Callable

from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.console import shop
from tests.factories import House, make_call, make_policy, make_run, make_tool


def test_a_writing_tool_without_a_rule_stands_out(
    house: House, browse: Callable[[str], Client], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_tool(house.workspace, "mail", reaches="outside")
    make_policy(
        house.workspace,
        {"name": "Money asks", "effect": "ask", "tool": "ref*", "condition": "args.amount > 5.0"},
        {"name": "Mail later", "effect": "deny", "tool": "mail", "mode": "shadow"},
    )
    run = make_run(house.agent, house.olga)
    make_call(run, "find", {}, status="succeeded")
    make_call(run, "find", {}, status="failed")
    expired = make_call(make_run(house.agent, house.olga, status="succeeded"), "find", {}, status="expired")
    olga = browse("olga")
    with django_assert_max_num_queries(14):
        page = olga.get("/tools").content.decode()
    missing = olga.get("/tools?show=uncovered").content.decode()

    assert "Money asks" in page and ">amount &gt; 5</code>" in page and "None needed for reads" in page
    assert "3 calls" in page and "1 failed, 1 expired</p>" in page
    assert "Succeeded, a call expired" in olga.get("/runs").content.decode()
    opened = olga.get(f"/runs/{expired.run_id}").content.decode()
    assert "<b>1</b>expired" in opened and "</b>rejected" not in opened and "</b>denied" not in opened
    assert ">mail</code>" in missing and ">refund</code>" not in missing and ">find</code>" not in missing
    assert "Mail later" in missing and "shadow" in missing and "No rule" in missing


def test_a_tool_has_a_page_with_its_schema_and_calls(house: House, browse: Callable[[str], Client]) -> None:
    run = make_run(house.agent, house.olga, title="<i>Lamp</i>")
    call = make_call(run, "refund", {"amount": 5, "order": "A-1"})
    olga = browse("olga")
    page = olga.get("/tools/refund").content.decode()

    assert "&quot;minimum&quot;: 0.01" in page and "&lt;i&gt;Lamp&lt;/i&gt;" in page
    assert f'href="/runs/{run.pk}?call={call.pk}"' in page and "Held for approval" in page
    assert "<code>amount</code>" in page and "at least 0.01, required" in page
    assert "No rule" in page and 'href="/agents/desk"' in page and "a recording" in page
    assert olga.get("/tools/question").status_code == 200
    assert olga.get("/tools/nothing").status_code == 404
    assert olga.get("/tools/%00").status_code == 404
    assert browse("sam").get("/tools/refund").content.count(b"refund") == 0


def test_a_page_that_names_a_tool_does_not_call_it(waiting: object, browse: Callable[[str], Client]) -> None:
    assert b"shop_refund" in browse("olga").get("/tools").content
    page = browse("olga").get("/tools/shop_hours").content
    assert b"Say when the shop is open." in page and b"code</dd>" in page
    assert shop.ENTERED == []
