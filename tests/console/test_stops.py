"""The stop switch in the console: stopping something, what is in flight, who did it, and letting it go on."""

from collections.abc import Callable

from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.console.conftest import HTMX
from tests.factories import House, make_call, make_run
from tests.people import make_member
from workspaces.models import AuditEntry, Switch


def text(client: Client, path: str, **asked: object) -> str:
    return client.get(path, **asked).content.decode()  # type: ignore[arg-type]


def test_olga_stops_a_tool_and_lets_it_go_on(
    house: House, browse: Callable[[str], Client], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    run = make_run(house.agent, house.olga)
    make_call(run, "refund", {"amount": 5, "order": "A-1"}, status="executing")
    olga = browse("olga")
    assert "/stops?scope=tool%3Arefund" in text(olga, "/tools/refund")
    assert "/stops?scope=agent%3Adesk" in text(olga, "/agents/desk")
    assert "/stops?scope=workspace" in text(browse("root"), "/setup")
    asked = text(olga, "/stops?scope=tool%3Arefund")
    assert "1 call in flight" in asked and f"/runs/{run.pk}" in asked and 'value="tool:refund" selected' in asked
    assert "No call is in flight" in text(olga, "/stops?scope=tool%3Afind", headers=HTMX)

    refused = olga.post("/stops", {"scope": "tool:refund", "reason": " "})
    assert refused.status_code == 422 and b"Say why" in refused.content
    unknown = olga.post("/stops", {"scope": "tool:nothing", "reason": "why"})
    assert unknown.status_code == 422 and not Switch.objects.get(pk=house.workspace.pk).is_stopping

    answer = olga.post("/stops", {"scope": "tool:refund", "reason": "<b>Wrong</b> amounts"}, follow=True)
    said = answer.content.decode()
    assert "Stopped: tool refund." in said and "By Olga since" in said and f"/runs/{run.pk}" in said
    assert Switch.objects.get(pk=house.workspace.pk).stopped_tools == ["refund"]
    with django_assert_max_num_queries(16):
        listed = text(olga, "/tools")
    assert "&lt;b&gt;Wrong&lt;/b&gt; amounts" in listed and ">stopped</span>" in listed
    assert "/stops?scope=tool%3Arefund" not in text(olga, "/tools/refund")

    there = HTMX | {"HX-Current-URL": "http://testserver/runs?status=all"}
    banner = text(olga, "/stops/banner", headers=there)
    assert "By Olga since" in banner and 'name="next" value="/runs?status=all"' in banner and "<html" not in banner
    lifted = olga.post("/stops/resumption", {"scope": "tool:refund", "next": "/runs?status=all"})
    assert lifted["Location"] == "/runs?status=all"
    assert "By Olga" not in text(olga, "/stops/banner", headers=there)
    kinds = AuditEntry.objects.filter(object="tool:refund").order_by("id").values_list("kind", "actor")
    assert list(kinds) == [("switch.stopped", "olga"), ("switch.resumed", "olga")]
    away = olga.post("/stops/resumption", {"scope": "tool:refund", "next": "https://elsewhere.example/"})
    assert away["Location"] == "/"


def test_a_viewer_reads_who_stopped_it_and_touches_nothing(house: House, browse: Callable[[str], Client]) -> None:
    house.workspace.switch.stop("agent:desk", "too many refunds", house.by("ana"))
    house.workspace.switch.stop("workspace", "an audit", house.by("olga"))
    vera = Client()
    vera.force_login(make_member(house.workspace, "vera", "viewer"))
    page = text(vera, "/agents")

    assert "Stopped: the whole workspace." in page and "By Ana since" in page and "too many refunds" in page
    assert "Let it go on" not in page and "/stops?scope" not in text(vera, "/agents/desk")
    assert vera.get("/stops").status_code == 403
    assert vera.post("/stops", {"scope": "workspace", "reason": "why"}).status_code == 403
    assert vera.post("/stops/resumption", {"scope": "workspace"}).status_code == 403
    assert "By Ana" not in text(browse("sam"), "/agents")


def test_the_palette_stops_too(house: House, browse: Callable[[str], Client]) -> None:
    olga = browse("olga")
    found = text(olga, "/palette?text=stop")
    assert found.index("/stops?scope=tool") < found.index("/stops?scope=workspace") and found.count("data-grave") == 1
    found = text(olga, "/palette?text=stop+refu")
    assert "Stop tool refund" in found and "scope=workspace" not in found
    house.workspace.switch.stop("tool:refund", "why", house.by("olga"))
    assert "Let tool refund go on" in text(olga, "/palette?text=stop")
    assert "/stops" not in text(browse("sam"), "/palette?text=refund")
