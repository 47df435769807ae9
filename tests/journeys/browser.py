"""A browser in a thread of its own: beside the event loop that Playwright runs there, the ORM would refuse to work."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import BrowserContext, Page, ViewportSize, expect, sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PASSWORD = "a long password"
PATIENCE_MILLISECONDS = 30_000  # a web process that starts on a busy machine needs most of it
EVERY_RULE = {"resultTypes": ["violations"]}
COLOURS = {**EVERY_RULE, "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
NARROW, WIDE = ViewportSize(width=390, height=844), ViewportSize(width=1440, height=900)


class Thread:
    """Where every call to the browser is made."""

    def __init__(self, chromium: str) -> None:
        self.executor = ThreadPoolExecutor(1)
        self.do(self._start, chromium)

    def do[**P, R](self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The result of a call made there."""
        return self.executor.submit(call, *args, **kwargs).result()

    def stop(self) -> None:
        self.do(self.browser.close)
        self.do(self.playwright.stop)
        self.executor.shutdown()

    def _start(self, chromium: str) -> None:
        expect.set_options(timeout=PATIENCE_MILLISECONDS)
        self.playwright = sync_playwright().start()
        self.browser = self.playwright.chromium.launch(executable_path=chromium, args=FLAGS)


class Guest:
    """One person before one page. `on` runs anything on it: `ana.on(lambda page: page.title())`."""

    def __init__(self, thread: Thread, url: str, **options: Any) -> None:
        self.thread, self.url = thread, url
        self.errors: list[str] = []
        self.context, self.page = thread.do(self._open, options)

    def _open(self, options: dict[str, Any]) -> tuple[BrowserContext, Page]:
        context = self.thread.browser.new_context(**{"viewport": WIDE, "reduced_motion": "reduce", **options})
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: "Security Policy" in said.text and self.errors.append(said.text))
        return context, page

    def on[R](self, act: Callable[[Page], R]) -> R:
        """What the page gives."""
        return self.thread.do(act, self.page)

    def leave(self) -> None:
        self.thread.do(self.context.close)

    # --- what a person does ---

    def goes_to(self, path: str) -> None:
        self.on(lambda page: page.goto(self.url + path))

    def brings(self, name: str, value: str) -> None:
        """A cookie that they had before."""
        self.thread.do(self.context.add_cookies, [{"name": name, "value": value, "url": self.url}])

    def signs_in(self, username: str) -> None:
        self.goes_to("/sign-in")
        self.fills("Login name", username)
        self.fills("Password", PASSWORD)
        self.presses("Sign in")
        self.on(lambda page: page.wait_for_url(lambda url: "/sign-in" not in url))

    def fills(self, label: str, text: str) -> None:
        self.on(lambda page: page.get_by_label(label, exact=True).fill(text))

    def presses(self, name: str, role: Any = "button", within: str = "body") -> None:
        self.on(lambda page: page.locator(within).get_by_role(role, name=name).first.click())

    def presses_key(self, key: str) -> None:
        self.on(lambda page: page.keyboard.press(key))

    def decides_nothing_by_accident(self) -> None:
        """The buttons of a card rest for a moment after it has changed, which it does until htmx calls it settled."""
        self.on(lambda page: expect(page.locator("#actions[aria-busy], .htmx-settling")).to_have_count(0))

    def follows(self, name: str, within: str = "body") -> None:
        self.presses(name, "link", within)

    # --- what a person sees ---

    def sees(self, text: str, within: str = "body") -> None:
        """Now or in a moment."""
        self.on(lambda page: expect(page.locator(within).get_by_text(text).first).to_be_visible())

    def does_not_see(self, text: str, within: str = "body") -> None:
        self.on(lambda page: expect(page.locator(within).get_by_text(text)).to_have_count(0))

    def finds_nothing_wrong(self, rules: dict[str, Any] = EVERY_RULE) -> None:
        """The page breaks no rule of accessibility, does not scroll sideways, and reported no error."""
        violations = self.on(lambda page: violations_of(page, rules))
        found = [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in violations]
        address = self.on(lambda page: page.url)
        assert not found, f"{address}: {found}"
        assert self.on(lambda page: page.evaluate("document.documentElement.scrollWidth <= innerWidth")), address
        assert not self.errors, self.errors

    def finds_nothing_wrong_in_any_look(self) -> None:
        """Wide and narrow, dark and light: a theme has the same elements in other colours."""
        for size in (WIDE, NARROW):
            self.looks(size, "dark")
            self.finds_nothing_wrong()
            self.looks(size, "light")
            self.finds_nothing_wrong(COLOURS)

    def looks(self, size: ViewportSize, theme: Literal["dark", "light"]) -> None:
        """The same page in another window, in another theme."""
        self.on(lambda page: page.set_viewport_size(size))
        self.on(lambda page: page.emulate_media(color_scheme=theme))


def violations_of(page: Page, rules: dict[str, Any]) -> list[dict[str, Any]]:
    """What axe finds; a page that has not navigated has it already."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    violations: list[dict[str, Any]] = page.evaluate(
        "rules => axe.run(rules).then(({violations}) => violations)", rules
    )
    return violations
