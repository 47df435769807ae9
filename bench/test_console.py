"""B14 and B20: pages with 10,000 open and 1,000,000 decided requests in 100,000 runs, and hints to open pages.

`BENCH_OPEN`, `BENCH_DECIDED` and `BENCH_RUNS` name other numbers; a million takes some minutes to make.
"""

import asyncio
import time
import uuid

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.urls import NoReverseMatch, reverse
from playwright.sync_api import expect

from agents.models import Run
from bench.console import NUMBERS, Listener, Visitor, seeded
from bench.runs import advanced, agent
from reviews.models import ApprovalRequest
from tests.journeys.conftest import browser, come  # noqa: F401  # fixtures
from tests.people import make_member, make_workspace
from workspaces import events

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(3600)]
STEPS = 1000
LISTS = {
    "queue": "/review",
    "queue_open": "/review?view=open",
    "queue_decided": "/review?view=decided",
    "runs": "/runs",
    "runs_text": "/runs?text=Hamburg",
    "runs_of_agent": "/runs?agent=releases",
    "agents": "/agents",
    "agent": "/agents/refunds",
}
LATER = ["tools", "threads", "schedules", "policies", "deliveries", "insights", "audit", "setup"]
FOR_ADMINS = ["audit", "setup"]
SOCKETS = [1, 50, 200]
GLANCE_MILLISECONDS = 800


def test_b20_pages_at_size(product, show, come):  # noqa: F811
    people = seeded()
    agent(people["olga"], "long", f"{STEPS}:")
    long, _ = advanced(people["olga"], "long")
    product.start("web", TOOL_MODULES="bench.story", DEMO="0")
    product.wait_until(lambda: Visitor(product.url, people["ana"].person).gets("/review"), 60)
    found = pages(long)
    for_admins = {name: found.pop(name) for name in FOR_ADMINS if name in found}
    timed(show, Visitor(product.url, people["ana"].person), found)
    timed(show, Visitor(product.url, people["root"].person), for_admins)
    in_the_browser(show, come, people)


def pages(long):
    """Each page's name, with addresses to ask for in turn."""
    found = {name: [address] for name, address in LISTS.items()}
    for name in LATER:
        try:
            found[name] = [reverse(name)]
        except NoReverseMatch:
            continue
    pending = ApprovalRequest.objects.pending().values_list("pk", flat=True)[:40]
    ended = Run.objects.filter(status="succeeded").order_by("-pk").values_list("pk", flat=True)[:40]
    found["card"] = [f"/review/{pk}" for pk in pending]
    found["run"] = [f"/runs/{pk}" for pk in ended]
    return found | {"run_2000_steps": [f"/runs/{long.pk}"], "run_2000_messages": [f"/runs/{long.pk}?view=messages"]}


def timed(show, visitor, pages):
    for name, addresses in pages.items():
        for address in addresses[:3]:
            visitor.gets(address)
        taken = [visitor.gets(addresses[number % len(addresses)]) for number in range(40)]
        show(f"B20_server_{name}", "ms", taken, queries=visitor.queries(addresses[0]), **NUMBERS)


# Milliseconds from a key to another card or toast, by the page's own clock: each begins with a link or form of its own.
PRESSED = """([key, selector]) => new Promise((done, fail) => {
  const first = () => document.querySelector(`${selector} :is(a, form)`);
  const at = () => first()?.href ?? first()?.action, before = at(), began = performance.now();
  const seen = new MutationObserver(() => {
    if (at() !== before) { seen.disconnect(); requestAnimationFrame(() => done(performance.now() - began)); }
  });
  seen.observe(document.body, { subtree: true, childList: true, characterData: true });
  setTimeout(() => fail("nothing changed"), 10000);
  (document.querySelector("[data-row][aria-current=true]") || document.activeElement)
    .dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
})"""


def in_the_browser(show, come, people):  # noqa: F811
    person = people["cleo"].person
    cleo = come(person.username)
    cleo.goes_to("/review?agent=customer-care")
    cleo.on(lambda page: page.locator("[data-row]").first.click())
    cleo.sees("by customer-care")
    show("B20_next_by_key", "ms", [pressed(cleo, "j", "#detail") for _ in range(30)])
    show("B20_decision_to_saved", "ms", [approved(cleo) for _ in range(30)])
    show("B20_change_to_visible", "ms", [gone(cleo, people["cleo"]) for _ in range(20)])


def pressed(guest, key, selector):
    """After a glance at the card, as long as its buttons rest."""
    guest.on(lambda page: page.wait_for_timeout(GLANCE_MILLISECONDS))
    guest.on(lambda page: expect(page.locator("#actions[aria-busy], [data-unproven]")).to_have_count(0))
    return guest.on(lambda page: page.evaluate(PRESSED, [key, selector]))


def approved(guest):
    """From the key to the toast, on the next request that is approved by one."""
    while not guest.on(lambda page: page.locator("#actions [data-key=a]:not([popovertarget])").count()):
        pressed(guest, "j", "#detail")
    return pressed(guest, "a", "#toasts")


def gone(guest, by):
    """From the end of a decision made elsewhere to its row saying so."""
    row = guest.on(lambda page: page.locator("[data-row]:not([aria-current=true], .gone)").first.get_attribute("id"))
    approval = ApprovalRequest.objects.get(pk=row.removeprefix("request-"))
    approval.decide("reject", by=by, digest=bytes(approval.digest), reason="no")
    began = time.perf_counter()
    guest.on(lambda page: page.locator(f"#{row}.gone").wait_for())
    return 1000 * (time.perf_counter() - began)


@pytest.mark.parametrize("sockets", SOCKETS)
def test_b14_commit_to_hint(product, show, sockets):
    workspace = make_workspace()
    people = [make_member(workspace, f"p{number}", "viewer") for number in range((sockets + 19) // 20)]
    product.start("web", DEMO="0")
    product.wait_until(lambda: Visitor(product.url, people[0]).gets("/runs"), 60)
    visitors = [Visitor(product.url, person) for person in people]
    listeners = [Listener(visitors[number // 20]) for number in range(sockets)]
    taken, missing = asyncio.run(told(workspace, listeners))
    show("B14_commit_to_hint", "ms", taken, sockets=sockets, missing=missing)


async def told(workspace, listeners, times=40):
    """Milliseconds of each hint at each socket, and how many never came though every socket was cut half way."""
    ready, sent = set(), {}
    tasks = [asyncio.create_task(listener.stay(ready)) for listener in listeners]
    async with asyncio.timeout(120):
        while len(ready) < len(listeners):
            await asyncio.sleep(0.05)
    for number in range(times):
        if number == times // 2:
            for listener in listeners:
                await listener.socket.close()
        object_id = uuid.uuid4()
        await sync_to_async(tell)(workspace.pk, object_id)
        sent[str(object_id)] = time.perf_counter()
        await asyncio.sleep(0.25)
    await asyncio.sleep(8)
    for task in tasks:
        task.cancel()
    await sync_to_async(connections.close_all)()  # of the thread that told
    cut = list(sent)[times // 2 : times // 2 + 8]  # on their way while sockets come back: late, but never missing
    taken = [
        1000 * (one.heard[key] - at)
        for one in listeners
        for key, at in sent.items()
        if key in one.heard and key not in cut
    ]
    return taken, sum(key not in one.heard for one in listeners for key in sent)


def tell(workspace_id, object_id):
    """A change as any is told."""
    events.record(workspace_id, "run", "run.waiting", object_id)
