"""A person at the review desk with nothing but a keyboard: each request is decided as its title says."""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

from playwright.sync_api import Page, expect

from reviews.models import ApprovalRequest
from tests.factories import make_call, make_policy, make_run, make_tool
from tests.journeys.browser import Guest
from tests.journeys.conftest import Office
from workspaces.models import Person

MIX = {"plain": 60, "edit": 20, "reject": 10, "high": 10}
FEW = {"plain": 2, "edit": 2, "reject": 1, "high": 1}
MAX_PRESSES = 4  # for a plain one
ENDS = {"plain": "approved", "edit": "approved", "reject": "rejected", "high": "approved"}
SCHEMA = {"type": "object", "properties": {"amount": {"type": "string"}}, "additionalProperties": False}
# Milliseconds in which a card, or the answer to a decision, was awaited; what loads beside them makes nobody wait.
WAITED = """() => performance.getEntriesByType("resource")
  .filter((one) => /\\/review\\/[0-9a-f-]{36}(\\?edit|\\/decisions)?$/.test(one.name))
  .reduce((sum, one) => sum + one.duration, 0)"""
# From a J to the card that it opens, in milliseconds, one after the other in `taken`.
WATCH = """() => {
  window.taken = [];
  let began = 0;
  document.addEventListener("keydown", ({key}) => { if (key === "j") began = performance.now(); }, true);
  document.addEventListener("htmx:afterSwap", ({target}) => {
    if (target.id === "detail" && began) taken.push(performance.now() - began);
    if (target.id === "detail") began = 0;
  });
}"""


@dataclass(slots=True)
class Work:
    """What it took."""

    presses: dict[str, list[int]] = field(default_factory=dict)
    seconds: float = 0.0
    waited: float = 0.0

    @property
    def share_waiting(self) -> float:
        """Of the time, how much was spent waiting for the server."""
        return self.waited / self.seconds


def laid_out(office: Office, mix: dict[str, int] = MIX) -> list[ApprovalRequest]:
    """Requests in a mixed order, each named after what is to become of it."""
    for name in mix:
        make_tool(office.workspace, f"desk_{name}", schema=SCHEMA)
    rules = [{"name": "Desk", "effect": "ask", "tool": "desk_*"}]
    make_policy(
        office.workspace, *rules, {**rules[0], "name": "High", "tool": "desk_high", "risk": "high"}, name="Desk"
    )
    kinds = [name for name, count in mix.items() for _ in range(count)]
    Random(4).shuffle(kinds)
    run = make_run(office.agent, office.people["olga"])
    return [asked(run, kind, number) for number, kind in enumerate(kinds)]


def asked(run: object, kind: str, number: int) -> ApprovalRequest:
    """The request for one call of that kind."""
    call = make_call(run, f"desk_{kind}", {"amount": f"{number}"})  # type: ignore[arg-type]
    return ApprovalRequest.objects.get(tool_call=call)


class Desk:
    """One sitting."""

    def __init__(self, guest: Guest):
        self.guest, self.presses, self.work = guest, 0, Work()

    def works_through(self, requests: Iterable[ApprovalRequest]) -> Work:
        """Each as it comes, by keys alone."""
        waiting = {str(approval.pk): approval for approval in requests}
        self.guest.goes_to("/review")
        self.guest.on(lambda page: page.evaluate("performance.setResourceTimingBufferSize(10_000)"))
        self.guest.on(lambda page: expect(page.locator("[data-row]").first).to_be_focused())
        self._press("Enter")
        began = time.perf_counter()
        while waiting:
            shown = self.guest.on(lambda page: page.locator("#selected[value]").input_value())
            self._decides(waiting.pop(shown))
        self.work.seconds = time.perf_counter() - began
        assert max(self.work.presses["plain"]) <= MAX_PRESSES
        self.work.waited = self.guest.on(lambda page: page.evaluate(WAITED)) / 1000
        assert self.work.waited > 0
        return self.work

    def _decides(self, approval: ApprovalRequest) -> None:
        kind, self.presses = approval.tool_call.tool.removeprefix("desk_"), 0
        self.guest.on(lambda page: expect(page.locator(".dhead h1")).to_have_text(approval.title))
        self.guest.on(
            lambda page: expect(page.locator(".htmx-settling, .htmx-swapping, .htmx-request")).to_have_count(0)
        )
        self.guest.decides_nothing_by_accident()
        getattr(self, f"_{kind}")()
        self.guest.on(lambda page: self._is_gone(page, approval))
        self.work.presses.setdefault(kind, []).append(self.presses)

    def _is_gone(self, page: Page, approval: ApprovalRequest) -> None:
        expect(page.locator(f"#selected[value='{approval.pk}']")).to_have_count(0)

    def _plain(self) -> None:
        self._press("a")

    def _edit(self) -> None:
        self._press("e")
        self.guest.sees("Approve with edits", within="#actions")
        self.guest.on(lambda page: expect(page.locator("[name='arg:/amount']")).to_be_focused())
        self._type("100")
        self.guest.sees("1 field differs", within="#actions")
        self._press("Control+Enter")
        self.guest.sees("Say why you change it.", within="#arguments")
        self.guest.on(lambda page: expect(page.locator("#edit-reason")).to_be_focused())
        self.guest.decides_nothing_by_accident()
        self._type("kept half")
        self._press("Control+Enter")

    def _reject(self) -> None:
        self._press("r")
        self.guest.on(lambda page: expect(page.locator("#said-reject")).to_be_focused())
        self._type("no")
        self._press("Control+Enter")

    def _high(self) -> None:
        self._press("a")
        self.guest.sees("Exactly these arguments run", within="#ask-approve")
        self._press("Control+Enter")

    def _press(self, key: str) -> None:
        self.presses += 1
        self.guest.presses_key(key)

    def _type(self, text: str) -> None:
        self.presses += len(text)
        self.guest.on(lambda page: page.keyboard.type(text))


def comes_out_as_laid_out(requests: Iterable[ApprovalRequest], by: Person) -> None:
    """Every request has ended as its name says, by this person, each decided once."""
    for approval in requests:
        approval.refresh_from_db()
        kind = approval.tool_call.tool.removeprefix("desk_")
        kinds = Counter(approval.decisions.values_list("kind", "person"))
        wanted = {"edit": ["edit", "approve"], "reject": ["reject"]}.get(kind, ["approve"])
        assert approval.status == ENDS[kind], approval.title
        assert kinds == Counter((one, by.pk) for one in wanted), approval.title
