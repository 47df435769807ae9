"""Content that would like to be more than text: nothing of it acts, hides or poses, on any page that shows it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models.functions import Now

from agents.gateway.scripted import Steps, say, script
from agents.gateway.scripted import call as calls_for
from agents.models import Run, ToolCall
from agents.runtime.advance import advance
from agents.runtime.propose import call_digest
from agents.starting import start_run
from reviews.models import ApprovalRequest, Revision
from tests.factories import make_agent, make_policy, make_run, make_tool
from tests.journeys.browser import Guest
from tests.journeys.conftest import Office
from tests.journeys.spoofs import CANARY, LONG, RULE, SPOOFS, WORDS, Spoof
from tests.people import acting
from tests.product import Product
from workspaces import events

pytestmark = pytest.mark.timeout(240)
MANY = 500
UNSEEN = "/[\\u0000-\\u0008\\u000b-\\u001f\\u200b-\\u200f\\u202a-\\u202e\\u2066-\\u2069]|\\udb40[\\udc00-\\udc7f]/u"
PLACES = """() => Object.fromEntries([...document.querySelectorAll("#arguments .fld")].map(
  (one) => [one.querySelector(".name").firstChild.textContent.trim(), one.textContent]))"""
ACTING = "#main :is(img, script, iframe, [onerror], [onload], [style]), .said :is(a, svg, [hx-get])"

script("spoof")(Steps([[say(WORDS), calls_for("spoof", **{one.name: one.value for one in SPOOFS})], [say("Done.")]]))


@pytest.fixture
def proposed(product: Product, office: Office) -> Run:
    """A run whose one call holds the whole catalogue."""
    make_tool(office.workspace, "spoof")
    make_policy(office.workspace, {"name": RULE, "effect": "ask", "tool": "spoof", "risk": "high"}, name="Hostile")
    make_agent(office.workspace, "spoof", tools=["spoof"], chain=[{"provider": "scripted", "model": "spoof"}])
    run = start_run(acting(office.people["olga"]), "spoof", WORDS)
    advance(run.pk)
    product.start("web", DEMO="0")
    return run


def test_hostile_content_is_only_shown(proposed: Run, office: Office, come: Callable[..., Guest]) -> None:
    ana, approval, asked = come("ana"), ApprovalRequest.objects.get(), list[str]()
    ana.on(lambda page: page.on("request", lambda request: asked.append(request.url)))
    ana.on(lambda page: page.on("dialog", lambda dialog: asked.append(f"dialog {dialog.message}")))
    the_card_tells_the_truth(ana, approval)
    long_values_are_read_before_they_are_approved(ana, approval)
    the_pages_around_it_are_inert(ana, approval)
    a_huge_argument_does_no_harm(ana, office)
    nothing_is_decided_about_other_arguments(ana, office)
    a_credential_is_not_given_away_by_accident(ana, office)
    a_flood_moves_nothing_under_the_reader(ana, office)

    assert [address for address in asked if not address.startswith(ana.url)] == []
    assert not ana.errors


def the_card_tells_the_truth(ana: Guest, approval: ApprovalRequest) -> None:
    ana.goes_to(f"/review/{approval.pk}")
    ana.sees("unverified", within=".why")
    places: dict[str, str] = ana.on(lambda page: page.evaluate(PLACES))
    assert {one.name: places.get(one.name) for one in SPOOFS if not is_truthful(one, places.get(one.name, ""))} == {}
    ana.sees(RULE)
    ana.sees("✅ Pre-approved by Security", within=".why")
    ana.sees(bytes(approval.digest).hex()[:16], within="#arguments .valid")
    nothing_acts(ana)


def is_truthful(spoof: Spoof, place: str) -> bool:
    return spoof.shows in place and spoof.warns in place


def nothing_acts(ana: Guest) -> None:
    assert ana.on(lambda page: page.locator(ACTING).count()) == 0
    assert ana.on(lambda page: page.evaluate(f"document.body.innerText.match({UNSEEN})")) is None
    assert CANARY not in ana.on(lambda page: page.content())


def long_values_are_read_before_they_are_approved(ana: Guest, approval: ApprovalRequest) -> None:
    approve: Any = ana.on(lambda page: page.locator("#actions [data-key=a]"))
    for name in LONG:
        assert ana.on(lambda page: approve.is_disabled())
        ana.on(lambda page, name=name: page.locator(".fld", has_text=name).locator("summary").first.click())
        ana.sees("and Mallory" if name == LONG[0] else "pay Mallory", within="details[open] > .said")
    ana.on(lambda page: approve.click())
    ana.sees("Exactly these arguments run", within="#ask-approve")
    approval.refresh_from_db()
    assert approval.is_pending


def the_pages_around_it_are_inert(ana: Guest, approval: ApprovalRequest) -> None:
    run = f"/runs/{approval.run_id}"
    for path in (
        f"/review/{approval.pk}?args=json", f"/review/{approval.pk}?edit", "/review?view=open", "/runs", run,
        f"{run}?view=calls&call={approval.tool_call_id}", f"{run}?view=messages", "/agents/spoof",
    ):  # fmt: skip
        ana.goes_to(path)
        nothing_acts(ana)


def a_huge_argument_does_no_harm(ana: Guest, office: Office) -> None:
    """Five megabytes are refused as arguments; what is kept of them for the record still has to be shown."""
    run = make_run(office.agent, office.people["olga"])
    args = b'{"text":"' + b"x" * 5_000_000 + b'"}'
    kept = ToolCall.objects.create(
        workspace=office.workspace, run=run, position="2", tool="spoof", effect="unsafe", reaches="inside",
        status="failed", why="The arguments are too long.", args=args, digest=call_digest("spoof", args),
    )  # fmt: skip
    ana.goes_to(f"/runs/{run.pk}?view=calls&call={kept.pk}")
    ana.sees("The arguments are too long.")
    assert len(ana.on(lambda page: page.content())) < 1_000_000


def nothing_is_decided_about_other_arguments(ana: Guest, office: Office) -> None:
    """The arguments change while the card is open, and the page does not hear of it."""
    approval = a_flood(office, 1)[0]
    ana.goes_to(f"/review/{approval.pk}")
    ana.decides_nothing_by_accident()
    ana.on(lambda page: page.route("**/changes?*", lambda route: route.abort()))
    cleo = acting(office.people["cleo"])
    approval.decide("edit", by=cleo, digest=bytes(approval.digest), args={"text": "something else"})
    ana.presses("Approve", within="#actions")
    ana.sees("The arguments have changed since you looked")
    approval.refresh_from_db()
    assert approval.is_pending and not approval.votes().exists()


def a_credential_is_not_given_away_by_accident(ana: Guest, office: Office) -> None:
    """An agent asks for a token: who pastes one is warned, and can say that it is meant."""
    approval = a_flood(office, 1)[0]
    ana.goes_to(f"/review/{approval.pk}")
    ana.decides_nothing_by_accident()
    ana.presses("Answer instead", within="#actions")
    ana.fills("What the agent gets instead of the tool's result", f"Use {CANARY}")
    ana.presses_key("Control+Enter")
    ana.sees("looks like a credential (GitHub token)", within="#notices")
    approval.refresh_from_db()
    assert approval.is_pending
    ana.on(lambda page: page.locator("#confirm").check())
    ana.presses("Answer instead", within="#actions")
    ana.presses_key("Control+Enter")
    ana.sees("Answered: spoof")
    approval.refresh_from_db()
    assert approval.decisions.get().text == f"Use {CANARY}"


def a_flood_moves_nothing_under_the_reader(ana: Guest, office: Office) -> None:
    ana.goes_to("/review")
    ana.sees("Live, synced")
    asked: list[Any] = []
    ana.on(lambda page: page.on("request", lambda request: asked.append(request.url)))
    row: Any = ana.on(lambda page: page.locator("#queue [data-row]").first)
    before = ana.on(lambda page: (row.get_attribute("id"), row.bounding_box()))
    for approval in a_flood(office, MANY):
        events.record(office.workspace.pk, "approval", "approval.requested", approval.pk)
    ana.sees(" new", within="[data-news-bar]")

    assert ana.on(lambda page: (row.get_attribute("id"), row.bounding_box())) == before
    assert sum("/review" in address for address in asked) < MANY / 10  # hints are merged
    ana.on(lambda page: page.locator("[data-news-bar]").click())
    ana.on(lambda page: page.locator("#queue [data-row]").nth(49).wait_for())


def a_flood(office: Office, count: int) -> list[ApprovalRequest]:
    """So many requests for calls with other arguments, of one run, as if they had been proposed by a wild agent."""
    like = ApprovalRequest.objects.filter(tool_call__tool="spoof").order_by("created_at").select_related("tool_call")[0]
    run = make_run(office.agent, office.people["olga"])
    calls, approvals = [], []
    for number in range(count):
        args = b'{"text":"%d"}' % number
        fields = {"title": f"spoof {number}", "digest": call_digest("spoof", args)}
        calls.append(copy_of(like.tool_call, run=run, position=str(number), args=args, seq=None, **fields))
        approvals.append(copy_of(like, run=run, risk="low", created_at=Now(), **fields))
    for approval, call in zip(approvals, ToolCall.objects.bulk_create(calls), strict=True):
        approval.tool_call = call
    made = ApprovalRequest.objects.bulk_create(approvals)
    Revision.objects.bulk_create(
        [Revision(approval=one, number=1, args=one.tool_call.args, digest=one.digest) for one in made]
    )
    return made


def copy_of[Row: Any](row: Row, **changes: Any) -> Row:
    """The same row again, with a key of its own."""
    kept = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if not field.primary_key}
    copy: Row = type(row)(**kept)
    for name, value in changes.items():
        setattr(copy, name, value)
    return copy
